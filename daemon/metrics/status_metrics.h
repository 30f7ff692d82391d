#pragma once

#include <string>

#include "daemon/status/status.h"

namespace sessync::metrics {

/// What the status says, in Prometheus' text format: conditions, counts and times of the sessions,
/// and of the manifest. Made anew each time it is asked for, so a session that left and the reason
/// that a condition had before are not in it.
std::string status_metrics(const status::StatusSnapshot& status);

}  // namespace sessync::metrics
