#pragma once

#include <cstddef>

#include "manifest/mount_path.h"

namespace sessync::apply {
struct ActionResult;
}  // namespace sessync::apply

namespace sessync::pass {
struct PassOutcome;
}  // namespace sessync::pass

namespace sessync::ports {

/// Told what a pass knows and does as soon as it is so, on the thread of the pass. Nothing that it
/// does changes the pass. What a status page shows of work under way, and what a suspension has to
/// wait for, comes from here; what is final is in the outcome.
class PassObserver {
 public:
  virtual ~PassObserver() = default;

  /// What is to be done, before anything of it is. `so_far`: what the pass has found; it lives as
  /// long as the call. Once a pass at most.
  virtual void planned(const pass::PassOutcome& so_far) = 0;
  /// The action at this place of the plan has come to its end. Once per action at most: what was
  /// not begun is not told.
  virtual void acted(std::size_t index, const apply::ActionResult& result) = 0;

  /// From before the first write for `path` is handed to the API until the last one was answered:
  /// the session may be changed meanwhile, whatever was suspended since. The root: the session's
  /// own fields. closed() may come without opened().
  virtual void opened(const manifest::MountPath& path) = 0;
  virtual void closed(const manifest::MountPath& path) = 0;
};

/// While it lives the session's own fields may be changed.
class SessionWrite {
 public:
  /// `observer` may be null.
  explicit SessionWrite(PassObserver* observer) : observer_(observer) {
    if (observer_ != nullptr) {
      observer_->opened(manifest::MountPath());
    }
  }
  SessionWrite(const SessionWrite&) = delete;
  SessionWrite& operator=(const SessionWrite&) = delete;
  ~SessionWrite() {
    if (observer_ != nullptr) {
      observer_->closed(manifest::MountPath());
    }
  }

 private:
  PassObserver* observer_;
};

}  // namespace sessync::ports
