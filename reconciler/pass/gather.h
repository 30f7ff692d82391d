#pragma once

#include <optional>

#include "reconciler/desired/desired.h"
#include "reconciler/pass/observe_session.h"
#include "reconciler/pass/pass.h"
#include "reconciler/plan/plan_input.h"
#include "reconciler/ports/ports.h"

namespace sessync {

/// What the plan has to know beside what is declared and what the session holds: declared uploads,
/// tokens, what is to be done to the session itself. `desired` and `session` outlive the result.
/// Nothing: `out` says why.
std::optional<PlanInput> gather(const PassInput& in, const DesiredState& desired,
                                const SessionView& session, Ports& ports, PassOutcome& out);

Policy policy_of(const PassInput& in);

}  // namespace sessync
