#pragma once

#include "reconciler/plan/plan.h"

namespace sessync {

/// Adds to `plan` what is decided about repositories, memory stores and rows of unknown type.
void plan_others(const PlanInput& input, const Policy& policy, Plan& plan);

/// Adds to `plan` what is done to the session itself. A session is not created while something is
/// blocked that could not be attached later.
void settle_session(Plan& plan, const PlanInput& input);

}  // namespace sessync
