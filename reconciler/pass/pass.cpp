#include "reconciler/pass/pass.h"

#include <algorithm>
#include <utility>

namespace sessync::pass {

bool PassOutcome::settled() const {
  const bool all_done = std::ranges::all_of(results, [](const apply::ActionResult& result) {
    return result.outcome == apply::ActionResult::Outcome::kDone;
  });
  const bool session_done =
      plan::is_none(plan.session) || session_result.outcome == apply::ActionResult::Outcome::kDone;
  return !error && !pass_again && !unfinished && plan.pending.empty() &&
         (plan.empty() || (executed && all_done && session_done));
}

void PassOutcome::fail(errors::SessionFailure failure) {
  error = std::move(failure.error);
  terminal = failure.terminal;
  rate_limited |= failure.rate_limited;
}

void PassOutcome::check_again_in(ports::Duration delay) {
  const auto wait = std::max(delay, ports::Duration{0});
  next_check_in = std::min(next_check_in.value_or(wait), wait);
}

}  // namespace sessync::pass
