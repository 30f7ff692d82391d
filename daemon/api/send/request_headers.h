#pragma once

#include <vector>

#include "daemon/api/send/api_options.h"

namespace sessync::api {

struct RequestKind {
  bool managed_agents_beta = true;
  bool json_body = false;
  bool binary_answer = false;
};

/// The headers of one call. Custom headers replace ours of the same name, except anthropic-beta,
/// whose values are joined.
std::vector<http::HttpHeader> request_headers(const ApiOptions& options, const ports::Secret& key,
                                              const RequestKind& kind);

}  // namespace sessync::api
