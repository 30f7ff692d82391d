#pragma once

#include "daemon/serve/page/html.h"
#include "daemon/status/status.h"
#include "daemon/status/verdict.h"

namespace sessync::page {

/// The state as people read it: "in sync".
std::string word_of(status::SessionState state);

/// Where a row in this state stands: problems first, the worst of them on top; all others alike.
int rank_of(status::SessionState state);

/// A session as a group of rows of the table: one with its figures, one with its state in words,
/// which opens to everything else if `with_details`. A tbody with the id "s-" + name, by which the
/// script finds it; data-rank is where it stands, data-kinds by what it is filtered.
void write_session(Html& out, const status::SessionStatus& session, ports::TimePoint now,
                   bool with_details);

}  // namespace sessync::page
