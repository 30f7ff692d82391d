#pragma once

#include <string>

#include "manifest/load.h"
#include "reconciler/reconcile.h"

namespace sessync {

/// One line per action and one when the session's state changes; a pass that changes nothing is
/// silent. `last_state` is kept by the caller between the passes of one session.
void log_pass(const std::string& name, const PassOutcome& outcome, std::string& last_state);

/// The problems of a manifest, once for as long as they stay the same.
void log_problems(const Manifest& manifest, std::string& last_problems);

}  // namespace sessync
