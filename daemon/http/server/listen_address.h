#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace sessync::http {

/// Where a server listens, or is reached.
struct ListenAddress {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = 0;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// "127.0.0.1:8900", "[::1]:8900", "localhost:0", ":8900" (every address). The error is worded for
/// the user.
tl::expected<ListenAddress, std::string> parse_listen_address(const std::string& text);

/// As it is parsed: an IPv6 address in brackets.
std::string to_text(const ListenAddress& address);

/// How to reach, from this machine, what listens there: a wildcard address means loopback.
ListenAddress dial_address(const ListenAddress& listening);

/// Names this machine's loopback interface: localhost and names below it, 127.0.0.0/8, ::1, as they
/// stand in a Host header. With or without a port, a dot at the end, in any case.
bool is_loopback_authority(std::string_view authority);

/// Names a host that no page from elsewhere can come from, as it stands in a Host header: an
/// address, localhost, a name without a dot, a service in a Kubernetes cluster, or one of
/// `allowed`.
bool is_trusted_authority(std::string_view authority, const std::vector<std::string>& allowed);

/// A name as it may stand in a Host header: letters, digits, dots, dashes and underscores.
bool is_host_name(std::string_view text);

}  // namespace sessync::http
