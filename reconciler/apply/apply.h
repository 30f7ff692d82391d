#pragma once

#include "reconciler/apply/apply_input.h"
#include "reconciler/apply/report.h"
#include "reconciler/ports/ports.h"

namespace sessync {

/// Executes exactly `input.plan`: adds and replaces as chains that run at once, one per path, then
/// what is to be deleted. Never throws; each action's fate is in the report.
ApplyReport apply(const ApplyInput& input, Ports& ports);

}  // namespace sessync
