#pragma once

#include <string>

#include <tl/expected.hpp>

#include "daemon/http/server/message.h"
#include "daemon/os/unique_fd.h"

namespace sessync::http {

/// A socket that takes connections.
struct Listener {
  os::UniqueFd socket;  ///< does not block
  std::string address;  ///< HOST:PORT, with the port that was picked; or the path of a socket
  Way way = Way::kNetwork;
};

/// Binds to what `listen` says (see parse_listen_address). Another process that listens there is an
/// error, never shared with. The error says what cannot be listened on, and why.
tl::expected<Listener, std::string> open_listener(const std::string& listen);

}  // namespace sessync::http
