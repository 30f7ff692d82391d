#include "daemon/http/server/listen_address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sessync::http {
namespace {

/// A host as it was written and the text of its port; nothing if it is neither.
struct Authority {
  std::string host;
  std::optional<std::string> port;
  bool bracketed = false;
};

std::optional<Authority> split(std::string_view text) {
  Authority result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    result.bracketed = true;
    result.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    result.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (!rest.empty() && rest.front() != ':') {
    return std::nullopt;
  }
  if (!rest.empty()) {
    result.port = std::string(rest.substr(1));
  }
  return result;
}

std::optional<std::uint16_t> parse_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  return error == std::errc() && end == last ? std::optional(port) : std::nullopt;
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_loopback_ipv4(const std::string& host) {
  in_addr address{};
  constexpr std::uint32_t kLoopbackNet = 127;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24U == kLoopbackNet;
}

bool is_loopback_ipv6(const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) {
    return false;
  }
  constexpr std::size_t kMappedAt = 12;
  constexpr std::uint8_t kLoopbackNet = 127;
  return IN6_IS_ADDR_LOOPBACK(&address) ||
         (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[kMappedAt] == kLoopbackNet);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Nothing: what stands after the colon is no port.
std::optional<Authority> split_named(std::string_view authority) {
  auto parts = split(authority);
  const bool bad_port = parts && parts->port && !parts->port->empty() && !parse_port(*parts->port);
  return bad_port ? std::nullopt : parts;
}

/// In small letters, without the dot at the end that makes a name absolute.
std::string plain(std::string name) {
  std::ranges::transform(name, name.begin(), lower);
  if (name.ends_with('.')) {
    name.pop_back();
  }
  return name;
}

}  // namespace

tl::expected<ListenAddress, std::string> parse_listen_address(const std::string& text) {
  const auto parts = split(text);
  const auto port = parts && parts->port ? parse_port(*parts->port) : std::nullopt;
  if (!port) {
    return tl::unexpected("'" + text +
                          "' is no address to listen on: write HOST:PORT, such as 127.0.0.1:8900 "
                          "or [::1]:8900, or off");
  }
  if (parts->bracketed && !is_ipv6(parts->host)) {
    return tl::unexpected("'" + text + "': what stands in brackets is no IPv6 address");
  }
  return ListenAddress{parts->host.empty() ? "0.0.0.0" : parts->host, *port};
}

std::string to_text(const ListenAddress& address) {
  const bool ipv6 = address.host.find(':') != std::string::npos;
  std::string text = ipv6 ? "[" + address.host + "]" : address.host;
  text.append(":").append(std::to_string(address.port));
  return text;
}

ListenAddress dial_address(const ListenAddress& listening) {
  if (listening.host == "0.0.0.0") {
    return {"127.0.0.1", listening.port};
  }
  return listening.host == "::" ? ListenAddress{"::1", listening.port} : listening;
}

bool is_loopback_authority(std::string_view authority) {
  const auto parts = split_named(authority);
  if (!parts) {
    return false;
  }
  if (parts->bracketed) {
    return is_loopback_ipv6(parts->host);
  }
  const auto host = plain(parts->host);
  return host == "localhost" || host.ends_with(".localhost") || is_loopback_ipv4(host);
}

bool is_trusted_authority(std::string_view authority, const std::vector<std::string>& allowed) {
  const auto parts = split_named(authority);
  if (!parts) {
    return false;
  }
  if (parts->bracketed) {
    return is_ipv6(parts->host);
  }
  const auto host = plain(parts->host);
  if (!is_host_name(host)) {
    return false;
  }
  const bool has_dot = parts->host.find('.') != std::string::npos;
  return is_ipv4(host) || !has_dot || is_loopback_authority(authority) || host.ends_with(".svc") ||
         host.ends_with(".svc.cluster.local") ||
         std::ranges::any_of(allowed, [&](const auto& name) { return plain(name) == host; });
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const char small = lower(c);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  });
}

}  // namespace sessync::http
