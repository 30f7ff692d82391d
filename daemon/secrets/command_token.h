#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/secrets/command.h"
#include "daemon/secrets/minted.h"

namespace sessync::secrets {

/// Runs the command and takes the token that it prints: one line, or a JSON object with "token" and
/// perhaps "expires_at" (RFC 3339, or seconds since 1970), whose other keys do not matter.
MintResult token_from_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                              const Clocks& clocks, const std::stop_token& stop);

}  // namespace sessync::secrets
