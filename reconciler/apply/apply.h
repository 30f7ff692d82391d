#pragma once

#include "reconciler/apply/apply_input.h"
#include "reconciler/apply/report.h"
#include "reconciler/ports/ports.h"

namespace sessync::apply {

/// Executes exactly `input.plan`: adds and replaces as chains that run at once, one per path, then
/// what is to be deleted. Each action's fate is in the report, in the plan's order.
///
/// Runs on the calling thread, which pumps `ports.loop` until nothing is under way. Once the loop
/// is stopping nothing is begun, and chains that have deleted go to their end. Never throws, but
/// for what a port throws.
ApplyReport apply(const ApplyInput& input, ports::Ports& ports);

}  // namespace sessync::apply
