#include "reconciler/schedule/backoff.h"

#include <algorithm>
#include <limits>

#include "reconciler/limits.h"

namespace sessync {
namespace {

Duration nominal_delay(unsigned failures) {
  Duration delay = kFirstRetryDelay;
  for (unsigned n = 1; n < failures && delay < kMaxRetryDelay; ++n) {
    delay *= 2;
  }
  return std::min(delay, kMaxRetryDelay);
}

}  // namespace

Duration retry_delay(unsigned failures, double random) {
  const Duration half = nominal_delay(failures) / 2;
  const double extra = static_cast<double>(half.count()) * std::clamp(random, 0.0, 1.0);
  return half + Duration{static_cast<Duration::rep>(extra)};
}

Duration Backoff::fail(double random) {
  if (failures_ < std::numeric_limits<unsigned>::max()) {
    ++failures_;
  }
  return retry_delay(failures_, random);
}

}  // namespace sessync
