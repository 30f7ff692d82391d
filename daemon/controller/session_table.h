#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/load.h"
#include "reconciler/reconcile.h"
#include "reconciler/schedule/backoff.h"
#include "reconciler/schedule/work_queue.h"

namespace sessync::controller {

/// A session whose turn it is, and what its pass is made with: as of the moment it was handed out.
struct DuePass {
  manifest::SessionSpec spec;  ///< `suspend` also says whether it is suspended by command
  std::string owner;
  std::string allow_deletes;     ///< the held-back set that may pass this time; "" for none
  std::uint64_t generation = 0;  ///< how many manifests came into force so far
  std::uint64_t revision = 0;    ///< see SessionTable::is_in_force
  bool refresh = false;          ///< see PassInput: each pass of the interval
  bool demanded = false;         ///< somebody asked for it
};

/// The sessions in force and when each has its next pass. Time and randomness are parameters. Any
/// thread: a worker takes what is in force when it becomes free, not when the session became due.
class SessionTable {
 public:
  struct Pace {
    ports::Duration rescan = std::chrono::minutes(10);  ///< no session waits longer for a pass
    std::vector<std::string> only;                      ///< names; empty: all
  };
  explicit SessionTable(Pace pace) : pace_(std::move(pace)) {}

  /// From now on this manifest is in force: every session of it is due now, what left it is let go.
  void activate(const manifest::Manifest& manifest, ports::TimePoint now);

  /// The sessions of these names are due now; unknown names are ignored.
  void touch(const std::vector<std::string>& names, ports::TimePoint now);
  void touch_all(ports::TimePoint now);

  /// Somebody asks for a pass: it is due now, and may let this held-back set of deletes through.
  void demand(const std::string& name, const std::string& allow_deletes, ports::TimePoint now);

  /// Suspended by command, of all sessions: those for which that changes are due now.
  void set_suspended(std::set<std::string> names, ports::TimePoint now);

  /// A session that is due, until finish() is called for it. None that is being worked on under
  /// another name, which it had in a manifest before.
  std::optional<DuePass> start(ports::TimePoint now);

  /// False: the session was suspended or resumed, or a manifest came into force, since it was
  /// handed out as of `revision`. A pass asks before whatever it begins.
  [[nodiscard]] bool is_in_force(const std::string& name, std::uint64_t revision) const;

  /// Records what a pass came to and when the next one is due, which nobody is handed before
  /// release(). `random` in [0, 1).
  void record(const std::string& name, const pass::PassOutcome& outcome, ports::TimePoint now,
              double random);
  void release(const std::string& name);
  /// Both.
  void finish(const std::string& name, const pass::PassOutcome& outcome, ports::TimePoint now,
              double random);

  /// When the next of the sessions that are not due yet will be.
  [[nodiscard]] std::optional<ports::TimePoint> next_due_after(ports::TimePoint now) const;
  [[nodiscard]] std::optional<ports::TimePoint> due_of(const std::string& name) const;
  [[nodiscard]] std::string owner() const;

  [[nodiscard]] schedule::QueueFigures figures(ports::TimePoint now) const;

 private:
  struct Entry {
    manifest::SessionSpec spec;
    schedule::Backoff backoff;
    std::string allow_deletes;
    std::string allowed_now;  ///< in the pass under way
    std::uint64_t revision = 0;
    bool woken = true;  ///< its next pass is not one of the interval
    bool demanded = false;
    ports::TimePoint looked_at{};  ///< the last pass that had to look at the session itself began
  };
  static bool must_refresh(Entry& entry, ports::TimePoint now);
  [[nodiscard]] bool waits_for_another_name(const std::string& name,
                                            const manifest::SessionSpec& spec);
  DuePass hand_out(const std::string& name, Entry& entry, ports::TimePoint now);
  [[nodiscard]] bool selected(const std::string& name) const;
  void wake(const std::string& name, ports::TimePoint now);
  static void end_permission(Entry& entry, const pass::PassOutcome& outcome);
  ports::Duration next_delay(Entry& entry, const pass::PassOutcome& outcome, double random) const;

  Pace pace_;
  mutable std::mutex mutex_;
  std::string owner_;
  std::uint64_t generation_ = 0;
  std::uint64_t last_revision_ = 0;
  std::set<std::string> suspended_;
  std::map<std::string, Entry> sessions_;
  std::map<std::string, std::string> working_;  ///< id of a session being worked on → its name then
  std::map<std::string, std::string> waiting_;  ///< the same id → its name now
  schedule::WorkQueue queue_;
};

}  // namespace sessync::controller
