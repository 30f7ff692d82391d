#pragma once

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync {

/// The difference, guarded. Total, deterministic, pure.
Plan plan(const PlanInput& input, const Policy& policy);

}  // namespace sessync
