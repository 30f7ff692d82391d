#include "daemon/http/client/proxy.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "daemon/http/client/base_url.h"
#include "daemon/http/client/header_text.h"

namespace sessync::http {
namespace {

/// What libcurl looks at for https, in its order; an empty one counts as none.
constexpr std::array<const char*, 4> kHttpsVariables = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                                        "ALL_PROXY"};
constexpr std::array<std::string_view, 6> kProxySchemes = {"http",    "https",  "socks4",
                                                           "socks4a", "socks5", "socks5h"};
std::string proxy_variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): never set by us
  return value == nullptr ? "" : value;
}

struct ProxyParts {
  std::string_view scheme;
  std::string_view rest;
};

bool is_userinfo_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-._~!$&'()*+,;=:%").find(c) != std::string_view::npos;
}

ProxyParts parts_of(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == url.npos) return {"http", url};
  return {url.substr(0, colon), url.substr(colon + 3)};
}

}  // namespace

std::optional<ProxyVariable> proxy_of_https() {
  for (const char* const name : kHttpsVariables) {
    if (auto value = proxy_variable(name); !value.empty()) {
      return ProxyVariable{name, std::move(value)};
    }
  }
  return std::nullopt;
}

std::string problem_of_proxy(std::string_view url) {
  const auto [scheme, rest] = parts_of(url);
  if (std::ranges::find(kProxySchemes, lower_case(scheme)) == kProxySchemes.end()) {
    return "its scheme is none of http, https, socks4, socks4a, socks5, socks5h";
  }
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  const auto behind = rest.substr(authority.size());
  const auto at = authority.find('@');
  const auto user = authority.substr(0, at == authority.npos ? 0 : at);
  const auto host = at == authority.npos ? authority : authority.substr(at + 1);
  const bool clear = std::ranges::all_of(user, is_userinfo_letter) &&
                     (behind.empty() || behind == "/") &&
                     parse_base_url("https://" + std::string(host)).has_value();
  return clear ? ""
               : "it cannot be read as user, password, host and port: percent-encode what is "
                 "neither letter nor digit in user and password";
}

}  // namespace sessync::http
