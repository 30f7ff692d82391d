#pragma once

#include <optional>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <tl/expected.hpp>

#include "daemon/http/server/listener.h"
#include "daemon/os/unique_fd.h"

/// Unix sockets: who may connect is a matter of the file system, and the kernel says who did.
namespace sessync::http {

/// The address of a Unix socket, also where its path is longer than an address may be.
class LocalAddress {
 public:
  /// `path` is absolute. The error is an errno: its directory cannot be opened.
  static tl::expected<LocalAddress, int> of(const std::string& path);

  /// For bind() and connect(), as long as this lives.
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] socklen_t size() const { return sizeof address_; }

 private:
  os::UniqueFd directory_;  ///< that a long path goes through
  sockaddr_un address_{};
};

/// Who has the other end; nothing: the kernel does not say.
std::optional<ucred> peer_credentials(int socket);

/// Listens at `path` (absolute), for its owner and root alone. A socket that is there already is
/// replaced: nobody but the caller may use that name. The error is worded for the user.
tl::expected<Listener, std::string> open_local_listener(const std::string& path);

}  // namespace sessync::http
