#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "manifest/load.h"
#include "reconciler/condition.h"
#include "reconciler/reconcile.h"

namespace sessync::controller {

/// A pass that came to its end.
struct FinishedPass {
  std::string name;  ///< of the session
  pass::PassOutcome outcome;
  ports::TimePoint at{};  ///< of its end
  ports::Duration took{0};
  std::uint64_t generation = 0;  ///< of the manifest that it was made with; see DuePass
};

/// Is told what the controller does: for the log, the status and the metrics. Whoever calls stands
/// still during the call, so none may wait for a disk, a network or a client.
///
/// pass_started() and pass_finished() come from the threads of workers, several at a time and
/// beside any other call; the others come from the controller's thread, one at a time. For one
/// session they are made in this order: pass_started, pass_finished, and no next pass begins before
/// that has returned. What an observer throws is logged; it changes nothing for the session.
class ControllerObserver {
 public:
  ControllerObserver() = default;
  ControllerObserver(const ControllerObserver&) = delete;
  ControllerObserver& operator=(const ControllerObserver&) = delete;
  virtual ~ControllerObserver() = default;

  /// The manifest was read: what is in force from now on, with the newest problems. Before any pass
  /// is made with it; also when the files had errors, and the last valid version stays.
  virtual void manifest_read(const manifest::Manifest& manifest, ports::TimePoint now) = 0;

  /// A worker begins a pass. At most one pass of a session is under way.
  virtual void pass_started(const std::string& name) = 0;

  /// Four times a second while there is work: the passes that are under way. What any of them came
  /// to is told after this has returned, so that nothing that is told of a pass is older than its
  /// end.
  virtual void in_progress(const std::vector<reconciler::PassProgress>& passes,
                           ports::TimePoint now) = 0;

  /// On the worker that made the pass; on the controller's thread if a manifest was being read when
  /// it ended. `next`: when the session is looked at again; nothing: not before something happens.
  virtual void pass_finished(const FinishedPass& pass, std::optional<ports::TimePoint> next) = 0;

  /// All that there was to do is done or handed to workers, until something happens.
  virtual void stepped() = 0;
};

}  // namespace sessync::controller
