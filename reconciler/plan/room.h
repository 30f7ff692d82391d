#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

/// What is known of how many files a session can hold. The API does not say, and its refusals of
/// one file too many do not differ from those of a file that it does not like, except in words.
namespace sessync::plan {

/// The action as the add of a file that takes away nothing, so that it needs a place of its own;
/// null: it is none.
const Add* plain_add(const Action& action);

/// The most file rows that there are while the plan is carried out, if it adds before it deletes.
/// Deletes that belong to an add free its place first.
std::int64_t rows_at_most(const Plan& plan);

/// Blocks as `quota` every add for which the session is known to have no room after the planned
/// deletes: of a session that is full any add, else only those that were refused themselves. Notes
/// the cap, at most `max_files`, in the plan.
void limit_room(Plan& plan, const PlanInput& input, std::uint64_t max_files);

}  // namespace sessync::plan
