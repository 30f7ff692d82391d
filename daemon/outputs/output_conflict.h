#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/spec.h"

namespace sessync::disk_outputs {

/// What the sessions read from the workspace: every source of a file, directory or archive,
/// relative to it; "" is all of it.
std::set<std::string> sources_of(const std::vector<manifest::SessionSpec>& sessions);

/// Why no output may land in `destination` (absolute): it is at, below or above one of `sources`,
/// so that what an agent wrote would be mounted into sessions. Links are resolved as far as the
/// paths exist.
std::optional<std::string> output_conflict(const std::string& destination,
                                           const std::string& workspace,
                                           const std::set<std::string>& sources);

/// Why no output may land in `destination`: sessync itself reads files of that very directory, and
/// would take what an agent wrote for a manifest, a secret or its own state.
std::optional<std::string> reserved_conflict(const std::string& destination,
                                             const std::vector<std::string>& reserved);

}  // namespace sessync::disk_outputs
