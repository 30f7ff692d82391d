#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "daemon/http/server/listen_address.h"
#include "daemon/http/server/tls.h"
#include "daemon/os/unique_fd.h"

struct addrinfo;  // NOLINT(readability-identifier-naming): POSIX has it so

namespace sessync::remote {

/// One connection to an HTTP server, on which one request follows another: it is never replaced
/// by a new one, so what was learned of the other end holds until it ends. Every call waits until
/// `until` at most; after an error the connection is of no more use. Errors say why, in a few words
/// for the middle of a sentence; what the other end says is not in them. One thread at a time.
class ClientConnection {
 public:
  using Clock = std::chrono::steady_clock;
  template <class T>
  using Or = tl::expected<T, std::string>;

  /// What is read of the head of an answer, which is 64 KiB at most.
  struct Head {
    int status = 0;
    std::optional<std::size_t> length;  ///< of the body; nothing: until the connection ends
    std::string tag;                    ///< the value of ETag; "": there is none
  };

  /// `tls`: through a session that whoever holds the other end of channel() has, too.
  static Or<ClientConnection> open(const http::ListenAddress& address, bool tls,
                                   Clock::time_point until);

  /// To a Unix socket, if whoever listens there is the one who decides what is in its directory:
  /// see trusted_socket.h.
  static Or<ClientConnection> open_local(const std::string& path);

  /// See channel_of() and bound_channel().
  [[nodiscard]] std::string channel() const;

  /// All of it. The caller wipes what is secret.
  Or<void> send(std::string_view request, Clock::time_point until);
  /// The next head; one that is no HTTP/1 is an error.
  Or<Head> read_head(Clock::time_point until);
  /// The whole body, right after its head. More than `most` bytes are an error, and an end before
  /// the length that was announced.
  Or<std::string> read_body(const Head& head, std::size_t most, Clock::time_point until);

 private:
  explicit ClientConnection(os::UniqueFd socket) : socket_(std::move(socket)) {}
  static Or<ClientConnection> over(os::UniqueFd socket, bool tls, Clock::time_point until);
  /// TLS, before anything is sent.
  Or<void> shake_hands(Clock::time_point until);
  Or<void> put(std::string_view wire, Clock::time_point until);
  // Of what TLS holds, or the socket itself: read_some and send; below it: pull and put.
  Or<std::string> read_some(Clock::time_point until);
  Or<std::string> pull(Clock::time_point until);
  /// One of the addresses that a host has.
  static Or<os::UniqueFd> dial(const addrinfo& where, Clock::time_point until);
  /// False: the time is over.
  static bool wait(int fd, short events, Clock::time_point until);

  os::UniqueFd socket_;
  std::optional<http::TlsSession> tls_;
  std::string arrived_;  ///< and not taken yet
};

}  // namespace sessync::remote
