#pragma once

#include <cstdint>
#include <string>

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync::plan {

/// Turns dangerous deletes into blocked entries: every delete below a source that was lost, every
/// delete and replace of what was taken over in doubt, and all pruning deletes if there are more
/// than the policy allows (five are always allowed under a percentage; renames and duplicates do
/// not count). An add that needs a held delete is blocked as well. policy.allow_deletes lets
/// exactly the set with that id through.
///
/// Sets plan.held if anything is held, and plan.doubt_is_settled if an id let through what was held
/// by doubt. The id depends on the session and the rows to be deleted, and on nothing else: edits
/// of other files do not change it, one more delete does. Pure.
void guard(Plan& plan, const Policy& policy, const std::string& session_id);

/// Blocks every add of a file if declared, unmanaged and held-back file rows together exceed
/// max_files: nothing is half done. Replaces and deletes go on.
void limit_files(Plan& plan, const Policy& policy, std::uint64_t declared);

}  // namespace sessync::plan
