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

/// Is told what the controller does: for the log, the status and the metrics. The controller stands
/// still during each call, so none may wait for a disk, a network or a client. All come from the
/// controller's thread, one at a time, but for pass_started(). They are made in this order for one
/// session: pass_started, pass_finished, and no next pass begins before that has returned. What an
/// observer throws is logged; it changes nothing for the session.
class ControllerObserver {
 public:
  ControllerObserver() = default;
  ControllerObserver(const ControllerObserver&) = delete;
  ControllerObserver& operator=(const ControllerObserver&) = delete;
  virtual ~ControllerObserver() = default;

  /// The manifest was read: what is in force from now on, with the newest problems. Before any pass
  /// is made with it; also when the files had errors, and the last valid version stays.
  virtual void manifest_read(const manifest::Manifest& manifest, ports::TimePoint now) = 0;

  /// A worker begins a pass; on its thread. At most one pass of a session is under way.
  virtual void pass_started(const std::string& name) = 0;

  /// Four times a second while there is work: the passes that are under way.
  virtual void in_progress(const std::vector<reconciler::PassProgress>& passes,
                           ports::TimePoint now) = 0;

  /// `next`: when the session is looked at again; nothing: not before something happens.
  virtual void pass_finished(const FinishedPass& pass, std::optional<ports::TimePoint> next) = 0;

  /// All that there was to do is done or handed to workers, until something happens.
  virtual void stepped() = 0;
};

}  // namespace sessync::controller
