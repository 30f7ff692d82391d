#pragma once

#include <string>

#include "reconciler/plan/plan.h"

namespace sessync {

/// What must be updated so that the session has the declared title and metadata, and the key by
/// which it is found again. Metadata that is not declared stays.
SessionChange difference(const CreateSpec& declared, const SessionInfo& session,
                         const std::string& key);

/// Changes when something changes that a refused create could depend on.
std::string creation_hash(const CreateSpec& declared, const DesiredState& desired);

}  // namespace sessync
