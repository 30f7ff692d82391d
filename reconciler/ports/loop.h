#pragma once

#include <functional>

#include "reconciler/ports/api_error.h"

namespace sessync::ports {

/// The thread of one pass, seen from the core: time, timers, and the pump that runs completions.
/// The core waits nowhere else, so whoever implements this decides how passes are scheduled.
/// stopping() and ending() can change at any time, as other threads see fit; the rest belongs to
/// the thread.
class Loop {
 public:
  virtual ~Loop() = default;
  /// Never earlier than at the call before.
  [[nodiscard]] virtual TimePoint now() const = 0;

  /// Runs `then` on the pumping thread once `delay` is over, never inside this call. Dropped with
  /// the loop.
  virtual void after(Duration delay, std::function<void()> then) = 0;

  /// Waits for the next completion and runs it. False: nothing is under way that could complete.
  virtual bool run_one() = 0;

  /// True once nothing more may be begun: at shutdown, or when what the pass was made with is no
  /// longer in force (suspended, another manifest). Asked right before a write, because it can
  /// become true at any time. Chains whose delete was sent go on.
  [[nodiscard]] virtual bool stopping() const = 0;

  /// True at shutdown only: what was refused for now is left to the next start.
  [[nodiscard]] virtual bool ending() const = 0;
};

}  // namespace sessync::ports
