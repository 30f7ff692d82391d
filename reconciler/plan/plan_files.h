#pragma once

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync::plan {

/// What is decided about files, each for itself: neither guarded nor limited, so deletes in it may
/// be dangerous and adds may have no room. The case table is in plan_files.cpp. Unsorted. Counts
/// rows_now and owned for the steps that follow. Pure.
Plan plan_files(const PlanInput& input, const Policy& policy);

}  // namespace sessync::plan
