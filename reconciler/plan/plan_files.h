#pragma once

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync {

/// What is decided about files, each for itself: neither guarded nor limited.
Plan plan_files(const PlanInput& input, const Policy& policy);

}  // namespace sessync
