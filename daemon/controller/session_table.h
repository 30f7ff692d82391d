#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/load.h"
#include "reconciler/backoff.h"
#include "reconciler/reconcile.h"
#include "reconciler/work_queue.h"

namespace sessync {

/// A session whose turn it is.
struct DuePass {
  SessionSpec spec;
  std::string allow_deletes;  ///< the held-back set that may pass this time; "" for none
};

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

  /// The session is due now, and its next pass may let this held-back set of deletes through.
  void allow_deletes(const std::string& name, const std::string& held, TimePoint now);

  /// Suspended by command, of all sessions: those for which that changes are due now.
  void set_suspended(std::set<std::string> names, TimePoint now);

  /// A session that is due, until finish() is called for it.
  std::optional<DuePass> start(TimePoint now);

  /// Records what a pass came to and when the next one is due. `random` in [0, 1).
  void finish(const std::string& name, const PassOutcome& outcome, TimePoint now, double random);

  [[nodiscard]] std::optional<TimePoint> next_due() const { return queue_.next_due(); }
  [[nodiscard]] const std::string& owner() const { return owner_; }
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }
  [[nodiscard]] std::size_t running() const { return queue_.processing(); }
  [[nodiscard]] const WorkQueue& queue() const { return queue_; }

 private:
  struct Entry {
    SessionSpec spec;
    Backoff backoff;
    std::string allow_deletes;
    std::string allowed_now;  ///< in the pass under way
  };
  [[nodiscard]] bool selected(const std::string& name) const;
  static void end_permission(Entry& entry, const PassOutcome& outcome);
  Duration next_delay(Entry& entry, const PassOutcome& outcome, double random) const;

  Pace pace_;
  std::string owner_;
  std::set<std::string> suspended_;
  std::map<std::string, Entry> sessions_;
  WorkQueue queue_;
};

}  // namespace sessync
