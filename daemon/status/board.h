#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/status/status.h"

namespace sessync::manifest {
struct Manifest;
struct SessionSpec;
}  // namespace sessync::manifest

namespace sessync::pass {
struct PassOutcome;
}  // namespace sessync::pass

namespace sessync::status {

struct Standstill;

/// Where the daemon writes down what it does, and where every surface reads it: the controller and
/// the passes write, the status server and the metrics read. Any thread; nothing here waits for
/// anything but a copy, so a slow reader delays no pass. Times are given by the caller (wall clock,
/// anchored; see TimePoint): the board has no clock. Names of sessions that are not in force are
/// passed over in silence: a pass may end after its session left.
///
/// Every change counts `revision` up, by one or more; two snapshots of one revision are equal.
class StatusBoard {
 public:
  /// What stays as it is while the daemon runs. Paths are as the options gave them.
  struct Origin {
    std::string version;
    ports::TimePoint started_at;
    std::string manifest;
    std::string workspace;
  };
  /// A pass that came to its end.
  struct FinishedPass {
    std::string name;
    const pass::PassOutcome* outcome = nullptr;  ///< never null; read during the call only
    ports::TimePoint at;
    std::optional<ports::TimePoint> next;  ///< when it is looked at again
    std::uint64_t generation = 0;          ///< of the manifest that it was made with
  };

  explicit StatusBoard(Origin origin);

  /// The manifest was read; `manifest` is what is in force since, with the newest problems.
  /// `only`: names, if not all of its sessions are worked on.
  void manifest_read(const manifest::Manifest& manifest, const std::vector<std::string>& only,
                     ports::TimePoint now);
  /// By command, of all sessions.
  void set_suspensions(std::map<std::string, state::Suspension> suspensions, ports::TimePoint now);
  /// What the manifest in force names is watched; `workspace_resolved`: where its links lead.
  void watching(const std::string& workspace_resolved);
  /// Replaces the note of this kind; "": there is nothing to say any more.
  void note(const std::string& kind, std::string what);
  /// The same of something that has to be mended: readiness() names it as well.
  void problem(const std::string& kind, std::string what);

  /// What the daemon remembers.
  struct State {
    std::string problem;  ///< why it cannot be written; "": it can
    bool is_open = true;
  };
  void state_is(State state, ports::TimePoint now);

  /// A file of these sessions changed then. Of several changes the oldest counts, until a pass that
  /// began after it has settled.
  void changed(const std::vector<std::string>& names, ports::TimePoint at);
  /// At most one pass of a session is under way.
  void pass_started(const std::string& name);
  /// A pass is under way still: what it knows is shown once that lasts.
  void pass_goes_on(const reconciler::PassProgress& pass, ports::TimePoint now);
  /// Sessions whose change waits for a worker are not shown as if nothing had changed.
  void show_waiting(ports::TimePoint now);
  /// How long the oldest change that this pass made good had waited; nothing if it made none good.
  std::optional<ports::Duration> pass_finished(const FinishedPass& pass);

  /// With the sessions that changed after `since`, by default all.
  [[nodiscard]] StatusSnapshot snapshot(std::uint64_t since = 0) const;
  /// A copy that stays as it is. Null if the manifest in force has no such session.
  [[nodiscard]] std::shared_ptr<const SessionStatus> find(const std::string& name) const;
  /// Asks nothing of the API: an outage of it does not make the daemon unready.
  [[nodiscard]] Readiness readiness() const;

  /// Of the newest change; 0: nothing happened yet. Grows only; of this process alone.
  [[nodiscard]] std::uint64_t revision() const;

  /// Waits until something changed after `since`, close() was called, or the time is over. False:
  /// nothing more will come.
  bool wait(std::uint64_t since, std::chrono::milliseconds longest) const;
  /// The daemon ends: everybody who waits is let go.
  void close();

 private:
  struct Entry {
    std::shared_ptr<const SessionStatus> shown;
    std::optional<ports::TimePoint>
        changed_at;  ///< the oldest change that no pass has made good yet
    std::optional<ports::TimePoint>
        answered_at;  ///< the last add that was carried out because of it
    std::optional<ports::TimePoint>
        working_for;     ///< that change, as of the start of the pass under way
    bool tried = false;  ///< a pass came to its end, whatever became of it
  };

  // All of these with the mutex held.
  void put(Entry& entry, SessionStatus status, ports::TimePoint now);
  /// A session is in force, as it was or anew.
  void take_in(const manifest::SessionSpec& spec, ports::TimePoint now);
  /// Those that left longer than kLeftKept ago.
  void forget_left(ports::TimePoint now);
  [[nodiscard]] std::optional<Standstill> standstill_of(const std::string& name) const;
  /// How long the change that the pass was about had waited.
  static std::optional<ports::Duration> latency(Entry& entry, const pass::PassOutcome& outcome);

  Origin origin_;
  mutable std::mutex mutex_;  ///< of everything below; held for as long as a copy takes
  mutable std::condition_variable news_;
  ManifestStatus manifest_;
  std::map<std::string, Entry> sessions_;
  struct Left {
    std::uint64_t revision = 0;
    ports::TimePoint at;
  };
  std::map<std::string, Left> left_;  ///< by name
  std::uint64_t left_since_ = 0;      ///< those of earlier revisions may be forgotten
  std::map<std::string, state::Suspension> suspensions_;
  std::map<std::string, std::string> notes_;
  std::map<std::string, std::string> problems_;  ///< those of the notes that are problems
  std::map<std::string, std::string> stale_;  ///< session → why its newest manifest is not in force
  State state_;
  std::string workspace_resolved_;
  bool watching_ = false;
  std::uint64_t revision_ = 0;
  bool closed_ = false;
};

}  // namespace sessync::status
