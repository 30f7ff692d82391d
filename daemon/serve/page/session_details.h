#pragma once

#include "daemon/serve/page/html.h"
#include "daemon/status/status.h"

namespace sessync::page {

/// Everything about a session that does not fit into its row: what is held back and how to let it
/// through, what is blocked and why, what nobody declared, what was done, the conditions. Of each
/// list the first 20 and how many more there are: some KB at most. `now`: to which times are told.
void write_details(Html& out, const status::SessionStatus& session, ports::TimePoint now);

}  // namespace sessync::page
