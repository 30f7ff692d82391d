#pragma once

#include "reconciler/desired/desired.h"
#include "reconciler/pass/observe_session.h"
#include "reconciler/pass/pass.h"
#include "reconciler/plan/plan_input.h"
#include "reconciler/ports/ports.h"

namespace sessync::pass {

/// Records that what is declared needs its uploads, whatever becomes of the pass, to the exactness
/// of kNeededPrecision: a pass that changes nothing writes next to nothing.
void mark_needed(const PassInput& in, const desired::DesiredState& desired, ports::Ports& ports);

/// Carries out `out.plan` and adds to `out` what became of it, unless it is a dry run, suspended,
/// or to stop. What was seen is on disk before anything is written. A session that is created is in
/// `session` afterwards. `known` is what the plan was made from. Sets out.error instead of writing
/// anything if what was seen cannot be recorded. Pumps the loop until everything is answered.
void execute(const PassInput& in, const plan::PlanInput& known, SessionView& session,
             ports::Ports& ports, PassOutcome& out);

}  // namespace sessync::pass
