#include "reconciler/schedule/backoff.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include "reconciler/limits.h"

namespace sessync {
namespace {

TEST_CASE("The delay doubles from 750 ms up to 15 minutes") {
  constexpr double kAll = 0.999999;
  CHECK(retry_delay(1, 0) == Duration{375});
  CHECK(retry_delay(1, kAll) == Duration{749});
  CHECK(retry_delay(2, 0) == Duration{750});
  CHECK(retry_delay(11, 0) == Duration{384'000});
  CHECK(retry_delay(12, 0) == Duration{450'000});
  CHECK(retry_delay(1'000'000'000, 0) == Duration{450'000});
}

TEST_CASE("A success starts the delays over") {
  Backoff backoff;
  CHECK(backoff.fail(0) == Duration{375});
  CHECK(backoff.fail(0) == Duration{750});
  CHECK(backoff.failures() == 2);
  backoff.reset();
  CHECK(backoff.failures() == 0);
  CHECK(backoff.fail(0) == Duration{375});
}

TEST_CASE("No delay is out of range") {
  rc::prop("whatever the random number", [](unsigned failures, std::uint32_t numerator) {
    const double random = static_cast<double>(numerator) / 4294967296.0;
    const Duration delay = retry_delay(failures, random);
    RC_ASSERT(delay >= Duration{375});
    RC_ASSERT(delay <= kMaxRetryDelay);
    if (failures < 1000) {
      RC_ASSERT(retry_delay(failures + 1, random) >= delay);
    }
  });
}

}  // namespace
}  // namespace sessync
