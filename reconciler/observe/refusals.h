#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reconciler/desired/desired.h"
#include "reconciler/ports/inventory.h"

/// What remembered refusals say. The API's refusals of one file too many do not differ from those
/// of a file that it does not like, except in words.
namespace sessync::observe {

/// The refusal that is remembered of this content at this path; null: none. Points into `refusals`.
const ports::Refusal* find_refusal(const std::vector<ports::Refusal>& refusals,
                                   const desired::DesiredFile& wanted);

/// Whether what was refused may have been room: the session held as many files as it ever did. Once
/// it was seen to hold more, the entry was refused for its own sake. `most_files`: the most file
/// rows that the session was ever seen to hold.
bool is_about_room(const ports::Refusal& refusal, std::uint64_t most_files);

/// How many files the session can hold, as far as refusals about room say so; nothing: they say
/// nothing of it.
std::optional<std::uint64_t> learned_cap(const std::vector<ports::Refusal>& refusals,
                                         std::uint64_t most_files);

}  // namespace sessync::observe
