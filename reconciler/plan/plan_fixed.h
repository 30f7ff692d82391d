#pragma once

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync {

/// Adds to `plan` what is decided about repositories, memory stores and rows of unknown type.
void plan_fixed(const PlanInput& input, const Policy& policy, Plan& plan);

}  // namespace sessync
