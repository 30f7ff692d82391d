#pragma once

#include <string>

#include "reconciler/plan/plan.h"
#include "reconciler/plan/plan_input.h"

namespace sessync::plan {

/// What must be updated so that the session has the declared title and metadata, and the key by
/// which it is found again. Metadata that is not declared stays: the API merges what it is sent.
/// Nothing is done if nothing differs.
SessionChange difference(const manifest::CreateSpec& declared, const ports::SessionInfo& session,
                         const std::string& key);

/// Changes when something changes that a refused create could depend on. Tokens are not in it: no
/// digest of one leaves the token source.
std::string creation_hash(const manifest::CreateSpec& declared,
                          const desired::DesiredState& desired);

/// Adds to `plan` what is done to the session itself. A session is not created while something is
/// blocked that could not be attached later: then nothing else is done in this plan either.
void settle_session(Plan& plan, const PlanInput& input);

}  // namespace sessync::plan
