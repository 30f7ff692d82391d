#pragma once

#include <string>

#include "daemon/controller/schedule.h"
#include "manifest/load.h"

namespace sessync::controller {

/// What the controller needs of the process around it. A test has one of its own.
class ControllerHost : public HoldingsKeeper {
 public:
  // On the controller's thread, one at a time; so is what HoldingsKeeper has. What is thrown ends
  // the step in which it was; the step is made again after a second.

  /// A manifest comes into force: when this returns, what it names is watched.
  virtual void watch(const manifest::Manifest& manifest) = 0;
  /// Events may be missed: every session is looked at from time to time.
  [[nodiscard]] virtual bool watching_degraded() = 0;
  /// After each step: what could not be done before is tried again.
  virtual void retry_pending() = 0;

  // On the threads of workers, several at a time. What is thrown is logged.

  /// In [0, 1). Also on the controller's thread. While it throws, sessions whose passes ended have
  /// no next one.
  [[nodiscard]] virtual double random() = 0;
  /// After each pass: keeps what it learned of files. Does not wait for the disk.
  virtual void save_digests() = 0;
  /// Now and then: deletes the owner's uploads that nothing needs any more. Takes as long as the
  /// API does.
  virtual void collect(const std::string& owner) = 0;

  // At the end, by the thread that runs the controller.

  /// Uploads end, and no new one starts; other calls go on.
  virtual void abort_uploads() = 0;
  /// Every call ends; what was sent is in doubt.
  virtual void abort_everything() = 0;
};

}  // namespace sessync::controller
