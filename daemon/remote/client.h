#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "daemon/http/server/listen_address.h"
#include "daemon/remote/client_connection.h"
#include "reconciler/ports/secret.h"

namespace sessync::remote {

/// Talks to the daemon that works in a state directory: through its Unix socket, if it has one that
/// nobody else can replace, else through its port, once it has shown that it is that one, and on
/// the connection on which it did: nobody else is told anything, whoever has its port. A new
/// connection for each request, so a daemon that was restarted under the same address and nonce is
/// none. Every error is worded for the user and says what to do. It waits: 4 s for the proof, or a
/// sign of life, 30 s for an answer. One thread at a time.
class DaemonClient {
 public:
  /// Any status: that a request was refused is an answer.
  struct Answer {
    int status = 0;
    std::string body;
    std::string tag;  ///< of this version of what was asked for (ETag); "": it has none
  };
  using Result = tl::expected<Answer, std::string>;

  /// By the file that the daemon leaves there, if it still holds the directory's lock. Nothing is
  /// sent yet.
  static tl::expected<DaemonClient, std::string> find(const std::string& state_dir);

  /// By its port. `nonce`: what the daemon must know. `tls`: whether it speaks TLS there; its
  /// certificate is not looked at, because the proof is bound to the session (see bound_channel()).
  DaemonClient(http::ListenAddress address, ports::Secret nonce, bool tls = false)
      : address_(std::move(address)), nonce_(std::move(nonce)), tls_(tls) {}

  /// What reads are sent with from now on; "": nothing.
  void read_with(ports::Secret token) { read_token_ = std::move(token); }

  /// `known`: the tag of an answer that is there already; if it is still the same, the status is
  /// 304 and the body empty.
  [[nodiscard]] Result get(const std::string& path, const std::string& known = {}) const;
  /// With this token, not that of reads; without one if it is empty. `body`: JSON, or "". Tokens
  /// are for ports: through a socket none is sent.
  [[nodiscard]] Result post(const std::string& path, const std::string& body,
                            const ports::Secret& token) const;

 private:
  /// A connection on which the daemon has proven itself, or through its socket.
  struct Line {
    ClientConnection connection;
    bool local = false;
  };
  struct Question {
    std::string method;
    std::string path;
    std::string headers;  ///< each with its end of line
    std::string body;
    ports::Secret token;
  };
  using Connected = tl::expected<Line, std::string>;

  DaemonClient() = default;
  [[nodiscard]] Connected connect() const;
  [[nodiscard]] Connected connect_to_socket() const;
  [[nodiscard]] Connected connect_to_port() const;
  /// `why`: what was wrong, if it is not.
  [[nodiscard]] bool is_proven(ClientConnection& connection, std::string& why) const;
  [[nodiscard]] std::string head_of(const std::string& method, const std::string& path) const;
  /// One request on a connection of its own.
  [[nodiscard]] Result ask(const Question& question) const;
  [[nodiscard]] std::string place() const;
  [[nodiscard]] std::string unreachable(const std::string& why) const;

  std::string socket_;                          ///< "": there is none
  std::optional<http::ListenAddress> address_;  ///< nothing: it has no port
  std::string why_no_port_;
  ports::Secret nonce_;
  ports::Secret read_token_;
  bool tls_ = false;
};

}  // namespace sessync::remote
