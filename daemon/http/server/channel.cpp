#include "daemon/http/server/channel.h"

#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace sessync::http {
namespace {

std::string endpoint_text(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> host{};
  ::inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
  return std::string(host.data()) + ":" + std::to_string(ntohs(address.sin_port));
}

/// A socket that listens on both families sees an IPv4 client under a name of IPv6.
std::string endpoint_text(const sockaddr_in6& address) {
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
    constexpr std::size_t kMappedAt = 12;
    sockaddr_in inner{};
    inner.sin_port = address.sin6_port;
    std::memcpy(&inner.sin_addr, &address.sin6_addr.s6_addr[kMappedAt], sizeof inner.sin_addr);
    return endpoint_text(inner);
  }
  std::array<char, INET6_ADDRSTRLEN> host{};
  ::inet_ntop(AF_INET6, &address.sin6_addr, host.data(), host.size());
  return "[" + std::string(host.data()) + "]:" + std::to_string(ntohs(address.sin6_port));
}

using AddressOf = int (*)(int, sockaddr*, socklen_t*);

std::string end_of(int socket, AddressOf ask) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return "";
  }
  if (storage.ss_family == AF_INET) {
    return endpoint_text(reinterpret_cast<const sockaddr_in&>(storage));
  }
  return storage.ss_family == AF_INET6
             ? endpoint_text(reinterpret_cast<const sockaddr_in6&>(storage))
             : "";
}

}  // namespace

std::string channel_of(int socket, ChannelEnd end) {
  const auto here = end_of(
      socket, [](int fd, sockaddr* to, socklen_t* size) { return ::getsockname(fd, to, size); });
  const auto there = end_of(
      socket, [](int fd, sockaddr* to, socklen_t* size) { return ::getpeername(fd, to, size); });
  if (here.empty() || there.empty()) {
    return "";
  }
  return end == ChannelEnd::kClient ? here + " " + there : there + " " + here;
}

std::string bound_channel(const std::string& channel, const std::string& binding) {
  return channel.empty() || binding.empty() ? "" : channel + " " + binding;
}

}  // namespace sessync::http
