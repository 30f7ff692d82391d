#pragma once

#include "reconciler/ports/api_error.h"

namespace sessync::schedule {

/// How long to wait after `failures` failures in a row (at least 1). The nominal delay doubles from
/// kFirstRetryDelay up to kMaxRetryDelay; the answer lies between half of it and all of it, as
/// `random` in [0, 1) says, so that sessions that failed together do not come back together.
ports::Duration retry_delay(unsigned failures, double random);

/// The failures in a row of one thing, and so how long it waits. Forgotten with the process: after
/// a start everything is tried at once.
class Backoff {
 public:
  /// Records a failure; how long to wait before the next attempt.
  ports::Duration fail(double random);
  /// It succeeded, made progress, or something changed that it may depend on.
  void reset() { failures_ = 0; }
  [[nodiscard]] unsigned failures() const { return failures_; }

 private:
  unsigned failures_ = 0;
};

}  // namespace sessync::schedule
