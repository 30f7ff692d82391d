#pragma once

#include <optional>

#include "reconciler/desired/desired.h"
#include "reconciler/pass/observe_session.h"
#include "reconciler/pass/pass.h"
#include "reconciler/plan/plan_input.h"
#include "reconciler/ports/ports.h"

namespace sessync::pass {

/// What the plan has to know beside what is declared and what the session holds: declared uploads,
/// tokens, what is to be done to the session itself. `desired` and `session` outlive the result,
/// which refers to them. Adds to `out` what is to be checked again without an event, and warnings.
/// Nothing: `out.error` says why. An upload that nobody knows of concerns its entries alone, unless
/// the session is to be created, because then it gets its files. Pumps the loop.
std::optional<plan::PlanInput> gather(const PassInput& in, const desired::DesiredState& desired,
                                      const SessionView& session, ports::Ports& ports,
                                      PassOutcome& out);

/// As `in.spec` declares it.
plan::Policy policy_of(const PassInput& in);

}  // namespace sessync::pass
