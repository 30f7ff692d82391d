#pragma once

#include <string>
#include <vector>

#include "daemon/status/status.h"

/// The documents of /api/v1/status and /api/v1/events: names of fields and their order are an
/// interface, to which fields are only added. Compact ASCII on one line. Lists that have no end are
/// cut: 500 blocked entries and unmanaged rows (`counts` has the numbers), 500 errors of the
/// manifest
/// (`error_count`), 20 actions, 60 latencies. Pure functions.
namespace sessync::serve {

/// One element of `sessions`: the facts of one session, with `state` and `headline` (verdict.h).
std::string session_document(const status::SessionStatus& session);

/// Everything but the sessions: `manifest`, `workspace` and `notes`.
std::string manifest_document(const status::StatusSnapshot& status);

/// The whole, with a line break at its end; `state` (the tone) and `headline` are those of the
/// worst finding. `sessions`: the documents of status.sessions, in their order.
std::string status_document(const status::StatusSnapshot& status,
                            const std::vector<const std::string*>& sessions);

/// What a probe is told: "ready" or "not ready", then a printable line for each problem, a hundred
/// at most.
std::string readiness_text(const status::Readiness& readiness);

}  // namespace sessync::serve
