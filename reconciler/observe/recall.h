#pragma once

#include <string>
#include <vector>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/state_store.h"

/// What of a session's inventory still counts. Each changes `inventory` and says what the store
/// must learn; the caller commits it, all in one. Pure.
namespace sessync::observe {

/// What was put there under another owner name is not ours any more. An add that the former owner
/// may have sent holds its path until a list can be believed about it, but nothing is recognised by
/// it, and nothing is put back.
std::vector<ports::Change> forget_other_owner(ports::Inventory& inventory,
                                              const std::string& session_id,
                                              const std::string& owner);

/// Refusals are tried again after kRefusalLife. That a session is full is known until it held more.
std::vector<ports::Change> expire_refusals(ports::Inventory& inventory,
                                           const std::string& session_id, ports::TimePoint now);
/// Whether it is kRefusalLife ago that a session was found to be full: one more file may be tried.
bool is_time_to_try_beyond(const ports::Inventory& inventory, ports::TimePoint now);

/// Whoever gave an id for what was held back by doubt has said that the session is the right one:
/// its rows are ours like all others from then on. Does not change `inventory`.
std::vector<ports::Change> settle_doubt(const ports::Inventory& inventory,
                                        const std::string& session_id);

}  // namespace sessync::observe
