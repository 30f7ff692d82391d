#pragma once

#include "reconciler/pass/pass.h"
#include "reconciler/ports/ports.h"

namespace sessync::reconciler {

/// One pass over one session: resolve, observe, gather, plan, execute, fetch outputs; see
/// reconciler/README.md. Looks at everything again, so it does not matter which event led to it, or
/// how many were lost. Of one session at most one pass may run at a time.
///
/// Whatever fails is in the outcome: `error` if nothing could be decided or finished, else each
/// action's result. Never throws, but for what a port throws. Runs on the calling thread, which
/// pumps `ports.loop` until nothing of the pass is under way.
pass::PassOutcome reconcile(const pass::PassInput& input, ports::Ports& ports);

}  // namespace sessync::reconciler
