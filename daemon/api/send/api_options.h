#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/http/client/header.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/secret.h"

namespace sessync::api {

enum class AuthStyle { kApiKey, kBearer };

/// Where the credential comes from. Both are called on the API thread, for every call and after a
/// 401: `current` must be cheap, `refresh` (may be empty) reads the source again.
struct KeyProvider {
  std::function<ports::Secret()> current;
  std::function<void()> refresh;
};

/// Ceilings in calls per second; none: the rate is learned from refusals.
struct MaxRates {
  std::optional<double> writes;
  std::optional<double> reads;
  std::optional<double> files;
};

struct ApiOptions {
  std::string base_url = "https://api.anthropic.com";  ///< as parse_base_url() returned it
  AuthStyle auth_style = AuthStyle::kApiKey;
  KeyProvider key;
  std::string api_version = "2023-06-01";
  std::optional<std::string> workspace_id;
  std::vector<http::HttpHeader> custom_headers;
  int parallel = 32;
  MaxRates max_rates;
  ports::Duration request_timeout = std::chrono::seconds(60);  ///< without progress
};

}  // namespace sessync::api
