#include "reconciler/schedule/backoff.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include "reconciler/limits.h"

namespace sessync {
namespace {

TEST_CASE("The delay doubles from 750 ms up to 15 minutes") {
  constexpr double kAll = 0.999999;
  CHECK(schedule::retry_delay(1, 0) == ports::Duration{375});
  CHECK(schedule::retry_delay(1, kAll) == ports::Duration{749});
  CHECK(schedule::retry_delay(2, 0) == ports::Duration{750});
  CHECK(schedule::retry_delay(11, 0) == ports::Duration{384'000});
  CHECK(schedule::retry_delay(12, 0) == ports::Duration{450'000});
  CHECK(schedule::retry_delay(1'000'000'000, 0) == ports::Duration{450'000});
}

TEST_CASE("A success starts the delays over") {
  schedule::Backoff backoff;
  CHECK(backoff.fail(0) == ports::Duration{375});
  CHECK(backoff.fail(0) == ports::Duration{750});
  CHECK(backoff.failures() == 2);
  backoff.reset();
  CHECK(backoff.failures() == 0);
  CHECK(backoff.fail(0) == ports::Duration{375});
}

TEST_CASE("No delay is out of range") {
  rc::prop("whatever the random number", [](unsigned failures, std::uint32_t numerator) {
    const double random = static_cast<double>(numerator) / 4294967296.0;
    const ports::Duration delay = schedule::retry_delay(failures, random);
    RC_ASSERT(delay >= ports::Duration{375});
    RC_ASSERT(delay <= reconciler::kMaxRetryDelay);
    if (failures < 1000) {
      RC_ASSERT(schedule::retry_delay(failures + 1, random) >= delay);
    }
  });
}

}  // namespace
}  // namespace sessync
