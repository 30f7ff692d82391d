#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reconciler/plan/plan.h"
#include "reconciler/ports/state_store.h"

/// What is known of how many files a session can hold. The API does not say, and its refusals of
/// one file too many do not differ from those of a file that it does not like, except in words.
namespace sessync {

/// The refusal that is remembered of this content at this path.
const Refusal* find_refusal(const std::vector<Refusal>& refusals, const DesiredFile& wanted);

/// Whether what was refused may have been room: the session held as many files as it ever did. Once
/// it was seen to hold more, the entry was refused for its own sake.
bool is_about_room(const Refusal& refusal, std::uint64_t most_files);

/// How many files the session can hold, as far as refusals about room say so.
std::optional<std::uint64_t> learned_cap(const std::vector<Refusal>& refusals,
                                         std::uint64_t most_files);

/// An add that takes away nothing: it needs a place of its own.
bool is_plain_add(const Action& action);

/// The file rows that there are while the plan is carried out, if it adds before it deletes.
std::int64_t rows_at_most(const Plan& plan);

/// Blocks as `quota` every add for which the session is known to have no room after the planned
/// deletes: of a session that is full any add, else only those that were refused themselves. Notes
/// the cap, at most `max_files`, in the plan.
void limit_room(Plan& plan, const PlanInput& input, std::uint64_t max_files);

}  // namespace sessync
