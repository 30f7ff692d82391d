#include "reconciler/schedule/backoff.h"

#include <algorithm>
#include <limits>

#include "reconciler/limits.h"

namespace sessync::schedule {
namespace {

ports::Duration nominal_delay(unsigned failures) {
  ports::Duration delay = reconciler::kFirstRetryDelay;
  for (unsigned n = 1; n < failures && delay < reconciler::kMaxRetryDelay; ++n) {
    delay *= 2;
  }
  return std::min(delay, reconciler::kMaxRetryDelay);
}

}  // namespace

ports::Duration retry_delay(unsigned failures, double random) {
  const ports::Duration half = nominal_delay(failures) / 2;
  const double extra = static_cast<double>(half.count()) * std::clamp(random, 0.0, 1.0);
  return half + ports::Duration{static_cast<ports::Duration::rep>(extra)};
}

ports::Duration Backoff::fail(double random) {
  if (failures_ < std::numeric_limits<unsigned>::max()) {
    ++failures_;
  }
  return retry_delay(failures_, random);
}

}  // namespace sessync::schedule
