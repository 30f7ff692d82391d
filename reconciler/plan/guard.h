#pragma once

#include <cstdint>
#include <string>

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync {

/// Turns dangerous deletes into blocked entries: every delete below a source that was lost, every
/// delete and replace of what was taken over in doubt, and all pruning deletes if there are more
/// than the policy allows (five are always allowed under a percentage; renames and duplicates do
/// not count). An add that needs a held delete is blocked as well. policy.allow_deletes lets
/// exactly the set with that id through.
void guard(Plan& plan, const Policy& policy, const std::string& session_id);

/// Blocks every add if declared, unmanaged and held-back file rows together exceed max_files:
/// nothing is half done. Replaces and deletes go on.
void limit_files(Plan& plan, const Policy& policy, std::uint64_t declared);

}  // namespace sessync
