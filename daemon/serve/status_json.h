#pragma once

#include <string>
#include <vector>

#include "daemon/status/status.h"

/// The documents of /api/v1/status and /api/v1/events.
namespace sessync {

/// One element of `sessions`.
std::string session_document(const SessionStatus& session);

/// Everything but the sessions: `manifest`, `workspace` and `notes`.
std::string manifest_document(const StatusSnapshot& status);

/// The whole; `sessions`: their documents, in order.
std::string status_document(const StatusSnapshot& status,
                            const std::vector<const std::string*>& sessions);

/// What a probe is told: "ready" or "not ready", then a line for each problem.
std::string readiness_text(const Readiness& readiness);

}  // namespace sessync
