#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/state/suspension.h"
#include "manifest/spec.h"
#include "reconciler/condition.h"
#include "reconciler/desired/blocked.h"
#include "reconciler/plan/plan.h"

/// What a running daemon says of itself: values, the same for every surface that shows them. Texts
/// are as they came (of the API, of files, of the manifest), so whoever writes them into a document
/// escapes them. Times are UTC, to the millisecond; durations in milliseconds.
namespace sessync::status {

struct TimedCondition {
  reconciler::Condition what;
  ports::TimePoint since;  ///< when its status last changed
};

/// Of a session's newest plan. `desired` is everything declared; each of it is in sync, pending
/// (being worked on, or to be) or blocked.
struct ResourceCounts {
  std::uint64_t desired = 0;
  std::uint64_t in_sync = 0;
  std::uint64_t pending = 0;
  std::uint64_t blocked = 0;
  std::uint64_t unmanaged = 0;
  std::uint64_t files = 0;  ///< file rows in the session, ours and others'
  std::uint64_t max_files = 0;
  friend bool operator==(const ResourceCounts&, const ResourceCounts&) = default;
};

/// Something that was done, or tried.
struct RecentAction {
  ports::TimePoint at;
  std::string action;  ///< add | replace | rotate | adopt | delete | create | update | fetch
  std::string mount_path;
  std::string result;  ///< done | failed
  std::string error;   ///< "" when done
};

/// One session of the manifest in force. Changed only by the board; what others hold is a copy that
/// stays as it is.
struct SessionStatus {
  static constexpr std::size_t kRecent = 20;     ///< actions kept, newest first
  static constexpr std::size_t kLatencies = 60;  ///< kept, oldest first
  /// Entries of `blocked` and `unmanaged`; how many there are stands in `counts`.
  static constexpr std::size_t kListed = 500;

  std::string name;
  std::string session_id;                  ///< "" if there is none yet
  std::vector<TimedCondition> conditions;  ///< Ready, Reconciling, Stalled, Drifted; in that order
  std::uint64_t generation = 0;            ///< of the manifest in force
  std::uint64_t observed_generation = 0;   ///< of the manifest that the newest pass was made with
  bool working = false;                    ///< a pass is under way
  std::optional<ports::TimePoint> last_pass_at;
  std::optional<ports::TimePoint> last_converged_at;
  std::optional<ports::TimePoint> next_pass_at;  ///< nothing: as soon as a worker is free
  std::optional<state::Suspension> suspended;    ///< by command
  bool suspended_by_manifest = false;
  ResourceCounts counts;
  std::vector<desired::Blocked> blocked;  ///< of the newest plan, as are these:
  std::vector<plan::Unmanaged> unmanaged;
  std::optional<plan::Held> held;
  std::deque<RecentAction> recent;
  /// From a change of a file to the answer that it is mounted.
  std::deque<ports::Duration> latencies;
  std::uint64_t revision = 0;  ///< grows with every change, across all sessions
  std::uint64_t written = 0;   ///< the revision of the last change beyond `working`
};

/// The manifest, or what a directory of them says together.
struct ManifestStatus {
  std::string path;
  std::uint64_t generation = 0;     ///< grows with every manifest that came into force
  bool valid = false;               ///< as it was read last: no file has an error
  bool in_force = false;            ///< some sessions are, be they of an older version
  std::vector<std::string> errors;  ///< "file:line:column: …", in the order of the files
  std::optional<ports::TimePoint> last_success_at;  ///< when a valid one was read last
};

/// How long it is remembered of a session that it left the manifest.
inline constexpr ports::Duration kLeftKept = std::chrono::hours(24);

/// All of it at one moment; sessions are shared with the board, so a snapshot of thousands is
/// cheap.
struct StatusSnapshot {
  std::string version;
  ports::TimePoint started_at;
  ManifestStatus manifest;
  std::string workspace;
  std::string workspace_resolved;  ///< where its links lead now; "" if nowhere
  std::vector<std::string> notes;  ///< what limits the daemon now: changes that may be missed, ...
  std::vector<std::shared_ptr<const SessionStatus>> sessions;  ///< sorted by name
  std::vector<std::string> left;  ///< sessions that left since the revision asked for
  std::uint64_t revision = 0;
  std::uint64_t left_since = 0;  ///< `left` is complete for revisions from this one on
};

/// Whether the daemon does its work, for an orchestrator's probe.
struct Readiness {
  bool ready = false;
  std::vector<std::string> problems;  ///< also what does not make it unready
};

}  // namespace sessync::status
