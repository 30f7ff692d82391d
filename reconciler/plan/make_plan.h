#pragma once

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync::plan {

/// The difference between what is declared and what the session holds, guarded and limited: what
/// `plan` prints and `apply` carries out. Every list of the result is sorted by path.
///
/// Total: every declared file is an action, unchanged, pending or blocked, and every row of the
/// session is one of those, or unmanaged. Deterministic, and pure: equal inputs have equal plans,
/// whatever the time is.
Plan plan(const PlanInput& input, const Policy& policy);

}  // namespace sessync::plan
