#pragma once

#include "reconciler/pass/observe_session.h"
#include "reconciler/pass/pass.h"
#include "reconciler/ports/ports.h"

namespace sessync::pass {

/// Brings back what the session's agent wrote, and says in `out` what came and what is blocked.
/// Outputs appear up to a few seconds after a session turned idle, and no event says so: `out` says
/// when to look again. Remembers the session's status in `session` and, unless it is a dry run, in
/// the store. What is downloaded is never deleted at either end. Does nothing without an `outputs:`
/// entry, or if the pass has failed already. Where outputs are fetched beside passes it only says
/// what they came to, and that they are due.
void fetch_outputs(const PassInput& in, SessionView& session, ports::Ports& ports,
                   PassOutcome& out);

}  // namespace sessync::pass
