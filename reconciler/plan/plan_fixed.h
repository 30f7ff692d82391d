#pragma once

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync::plan {

/// Adds to `plan` what is decided about repositories, memory stores and rows of unknown type. The
/// API attaches the first two when a session is created and never later, nor removes them; only a
/// repository's token can be sent again. The case table is in plan_fixed.cpp. Pure.
void plan_fixed(const PlanInput& input, const Policy& policy, Plan& plan);

}  // namespace sessync::plan
