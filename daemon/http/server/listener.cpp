#include "daemon/http/server/listener.h"

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/http/server/listen_address.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"

namespace sessync::http {
namespace {

constexpr int kBacklog = 512;

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

tl::expected<Found, std::string> look_up(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    return tl::unexpected(os::foreign_text(::gai_strerror(error)));
  }
  return Found(found, &::freeaddrinfo);
}

/// Addresses in use by sockets that are only waiting for their end are taken over (a quick
/// restart), ports that somebody listens on are not.
tl::expected<os::UniqueFd, std::string> bind_to(const addrinfo& where) {
  os::UniqueFd fd(::socket(where.ai_family, where.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                           where.ai_protocol));
  const int on = 1;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), where.ai_addr, where.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return tl::unexpected(os::error_text(errno));
  }
  return fd;
}

ListenAddress name_of(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  auto* address = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(fd, address, &size) != 0 ||
      ::getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  return {host.data(), static_cast<std::uint16_t>(std::stoi(port.data()))};
}

}  // namespace

tl::expected<Listener, std::string> open_listener(const std::string& listen) {
  const auto asked = parse_listen_address(listen);
  if (!asked) {
    return tl::unexpected(asked.error());
  }
  const auto found = look_up(*asked);
  std::string why = found ? "" : found.error();
  for (const auto* at = found ? found->get() : nullptr; at != nullptr; at = at->ai_next) {
    if (auto fd = bind_to(*at)) {
      const auto bound = name_of(fd->get());
      const bool loopback = is_loopback_authority(to_text(bound));
      return Listener{std::move(*fd), to_text(bound), loopback ? Way::kLoopback : Way::kNetwork};
    } else {
      why = fd.error();
    }
  }
  return tl::unexpected("cannot listen on " + listen + ": " + why);
}

}  // namespace sessync::http
