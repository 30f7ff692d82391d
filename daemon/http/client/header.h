#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"

namespace sessync::http {

/// The value is a Secret because gateways are often given their credential this way.
struct HttpHeader {
  std::string name;
  ports::Secret value;
};

/// Lines `Name: value`. A message never contains a value.
tl::expected<std::vector<HttpHeader>, std::string> parse_custom_headers(std::string_view lines);

/// No control characters: nothing that could end a header line early.
bool is_header_value(std::string_view value);

}  // namespace sessync::http
