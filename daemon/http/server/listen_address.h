#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

}  // namespace sessync::http
