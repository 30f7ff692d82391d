#pragma once

#include "reconciler/pass/pass.h"
#include "reconciler/ports/ports.h"

namespace sessync {

/// One pass over one session: observe, resolve, plan, guard, apply, record. Never throws, but for
/// what a port throws. Runs on the calling thread, which pumps `ports.loop`.
PassOutcome reconcile(const PassInput& input, Ports& ports);

}  // namespace sessync
