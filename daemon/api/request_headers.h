#pragma once

#include <vector>

#include "daemon/api/options.h"

namespace sessync {

/// The headers of one call. Custom headers replace ours of the same name, except anthropic-beta,
/// whose values are joined.
std::vector<HttpHeader> request_headers(const ApiOptions& options, const Secret& key,
                                        bool managed_agents_beta, bool json_body);

}  // namespace sessync
