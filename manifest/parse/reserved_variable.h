#pragma once

#include <string_view>

namespace sessync::manifest {

/// Whether a variable of this name is never a repository's token, whoever allows it: ANTHROPIC_*,
/// SESSYNC_*, AWS_*, the proxies in upper and lower case, PATH and HOME. What they hold is
/// sessync's own, or somebody else's credential.
bool is_reserved_variable(std::string_view name);

}  // namespace sessync::manifest
