#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "manifest/load.h"
#include "reconciler/backoff.h"
#include "reconciler/reconcile.h"
#include "reconciler/work_queue.h"

namespace sessync {

/// The sessions in force and when each has its next pass. Pure: time and randomness are parameters.
class SessionTable {
 public:
  struct Pace {
    Duration rescan = std::chrono::minutes(10);  ///< no session waits longer for a pass
    std::vector<std::string> only;               ///< names; empty: all
  };
  explicit SessionTable(Pace pace) : pace_(std::move(pace)) {}

  /// Puts a manifest in force: every session of it is due now, what left it is let go.
  void put_in_force(const Manifest& manifest, TimePoint now);

  /// The sessions of these names are due now; unknown names are ignored.
  void touch(const std::vector<std::string>& names, TimePoint now);
  void touch_all(TimePoint now);

  /// A session that is due, until finish() is called for it.
  std::optional<SessionSpec> start(TimePoint now);

  /// Records what a pass came to and when the next one is due. `random` in [0, 1).
  void finish(const std::string& name, const PassOutcome& outcome, TimePoint now, double random);

  [[nodiscard]] std::optional<TimePoint> next_due() const { return queue_.next_due(); }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] std::size_t running() const { return queue_.processing(); }

 private:
  struct Entry {
    SessionSpec spec;
    Backoff backoff;
  };
  [[nodiscard]] bool selected(const std::string& name) const;
  Duration next_delay(Entry& entry, const PassOutcome& outcome, double random) const;

  Pace pace_;
  std::string owner_;
  std::map<std::string, Entry> sessions_;
  WorkQueue queue_;
};

}  // namespace sessync
