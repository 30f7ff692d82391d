#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sessync::http {

/// A variable of the environment that names a proxy.
struct ProxyVariable {
  std::string name;
  std::string value;
};

/// The one that libcurl takes for https URLs.
std::optional<ProxyVariable> proxy_of_https();

/// Why libcurl may read the proxy's URL in another way than it is meant, and then say pieces of its
/// password in its messages; "": it does not. Repeats nothing of it.
std::string problem_of_proxy(std::string_view url);

}  // namespace sessync::http
