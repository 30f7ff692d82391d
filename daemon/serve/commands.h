#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace sessync::serve {

/// Why the daemon did not do as it was asked.
struct CommandRefusal {
  enum class Kind {
    kUnknownSession,       ///< no session of this name is in force
    kSuspendedByManifest,  ///< only the manifest can resume it
    kNotRecorded,          ///< the state could not be written
  };
  Kind kind = Kind::kUnknownSession;
  std::string message;  ///< what it means and what to do, for the one who asked
};

/// Nothing more than that it is done, or will be: a pass that was asked for runs later.
using CommandResult = tl::expected<void, CommandRefusal>;

/// The session is suspended: nothing is begun in it any more.
struct Suspending {
  /// What was begun before and is still finished, because its old content is deleted already; ""
  /// is the session itself.
  std::vector<std::string> finishing;
};
using SuspendResult = tl::expected<Suspending, CommandRefusal>;

/// What the daemon can be asked while it runs; whether who asks may is decided before (access.h).
/// Each may be called until the server has ended. Any thread.
class DaemonCommands {
 public:
  DaemonCommands() = default;
  DaemonCommands(const DaemonCommands&) = delete;
  DaemonCommands& operator=(const DaemonCommands&) = delete;
  virtual ~DaemonCommands() = default;

  /// A pass now; returns at once. `allow_deletes`: the held-back set that may pass in it; "" for
  /// none.
  virtual CommandResult reconcile(const std::string& name, const std::string& allow_deletes) = 0;
  /// Returns once it is on disk and nothing of the session is being written, or after ten seconds.
  virtual SuspendResult suspend(const std::string& name, const std::string& by) = 0;
  /// Returns once it is on disk.
  virtual CommandResult resume(const std::string& name) = 0;
};

}  // namespace sessync::serve
