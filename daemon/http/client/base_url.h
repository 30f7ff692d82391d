#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sessync::http {

/// The URL without trailing slashes, or what is wrong with it. A path prefix is fine; credentials,
/// a query or a fragment are not, and plain http is for loopback hosts only: the key would travel
/// in the clear.
tl::expected<std::string, std::string> parse_base_url(std::string_view url);

/// The host of a URL, with its port; "" if there is none.
std::string host_of(std::string_view url);

}  // namespace sessync::http
