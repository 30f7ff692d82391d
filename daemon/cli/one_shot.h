#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cli/report.h"
#include "daemon/cli/settings.h"
#include "manifest/load.h"

namespace sessync {

/// Reads and validates the manifest; prints every problem. Nothing if it has errors.
std::optional<Manifest> read_valid_manifest(const Settings& settings);

/// The sessions that the options select, or which name is unknown.
tl::expected<std::vector<SessionSpec>, std::string> select_sessions(const Manifest& manifest,
                                                                    const Options& options);

/// Calls `work` for every session, at most `workers` at once; the reports in the order of names.
std::vector<SessionReport> for_each_session(
    const std::vector<SessionSpec>& sessions, int workers,
    const std::function<PassOutcome(const SessionSpec&)>& work);

/// Prints to standard error what keeps a command from starting; returns its code.
int refuse(const UsageError& error);

}  // namespace sessync
