#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/secret.h"

namespace sessync {

enum class AuthStyle { kApiKey, kBearer };

/// The value is a Secret because gateways are often given their credential this way.
struct HttpHeader {
  std::string name;
  Secret value;
};

/// Where the credential comes from. Both are called on the API thread, for every call and after a
/// 401: `current` must be cheap, `refresh` (may be empty) reads the source again.
struct KeyProvider {
  std::function<Secret()> current;
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
  std::vector<HttpHeader> custom_headers;
  int parallel = 32;
  MaxRates max_rates;
  Duration request_timeout = std::chrono::seconds(60);  ///< without progress
};

/// The URL without trailing slashes, or what is wrong with it. A path prefix is fine; credentials,
/// a query or a fragment are not, and plain http is for loopback hosts only: the key would travel
/// in the clear.
tl::expected<std::string, std::string> parse_base_url(std::string_view url);

/// Lines `Name: value`. A message never contains a value.
tl::expected<std::vector<HttpHeader>, std::string> parse_custom_headers(std::string_view lines);

/// No control characters: nothing that could end a header line early.
bool is_header_value(std::string_view value);

/// The host of a URL, with its port; "" if there is none.
std::string host_of(std::string_view url);

}  // namespace sessync
