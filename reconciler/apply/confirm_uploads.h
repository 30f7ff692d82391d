#pragma once

#include <set>
#include <string>
#include <vector>

#include "reconciler/ports/ports.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync::apply {

/// Expired files stay listed for a while, but can be attached no more. By the API's clock; only if
/// it did not say what time it is, by `now`.
bool is_expired(const ports::FileMetadata& file, ports::TimePoint now);

/// Asks which of `known` still exist and records the answer: those that are gone or will expire are
/// forgotten, so that their content is sent again. The ids of those that surely exist; one whose
/// answer did not come is in neither. Needed before something is deleted to make way for what is
/// made from an upload, because uploads can be deleted by anybody. Pumps the loop.
std::set<std::string> confirm_uploads(std::vector<ports::Upload> known, ports::Ports& ports);

}  // namespace sessync::apply
