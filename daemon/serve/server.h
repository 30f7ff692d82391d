#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/os/health.h"
#include "daemon/serve/commands.h"
#include "daemon/status/board.h"
#include "daemon/status/write_trace.h"
#include "reconciler/ports/secret.h"

namespace sessync::serve {

/// Where a daemon can be asked.
struct ServedAt {
  std::string address;  ///< HOST:PORT with the port that was picked; "off"; "": it is waited for
  std::string socket;   ///< the path of the Unix socket; "": there is none, or not yet
  friend bool operator==(const ServedAt&, const ServedAt&) = default;
};

/// As the command line has it; checked there as far as it can be without a socket.
struct StatusServerOptions {
  std::string listen = "127.0.0.1:8900";     ///< HOST:PORT; port 0: one that is free; or off
  std::string admin_token_file;              ///< read for each write that is asked for; "": none
  ports::Secret nonce{};                     ///< what the daemon proves with that it is itself
  std::function<os::Health()> health{};      ///< of the process; nothing: it is alive
  std::string read_token_file{};             ///< that reads need; "": none
  std::vector<std::string> allowed_hosts{};  ///< names by which it may be asked
  std::string tls_cert{};                    ///< a PEM file; "" and no key: no TLS
  std::string tls_key{};
  status::WriteObserver wrote{};  ///< any thread; nothing: nobody wonders
  std::string socket{};           ///< path of a Unix socket for the commands; "": none
  bool listen_required = false;   ///< an address that cannot be had is an error of start()
  /// Told what has changed of it since start(), on some thread; may be empty.
  std::function<void(const ServedAt&)> listening{};
};

/// Serves probes, metrics, status, events, the page and the write calls: to the network by the
/// rules of access.h, through a Unix socket to whom the file system lets connect. Its threads run
/// at a lower priority than the work of the daemon.
class StatusServer {
 public:
  /// What it refers to must outlive it. `metrics` renders the text format; any thread.
  StatusServer(StatusServerOptions options, status::StatusBoard& board, DaemonCommands& commands,
               std::function<std::string()> metrics);
  /// Closes the board and every connection, also those that follow; waits for a write
  /// that is being carried out, not for clients.
  ~StatusServer();
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;

  /// Binds and serves; once. Or why it cannot: the address is none, a file of TLS cannot be read,
  /// no thread can be started. An address that is taken is waited for, which log and readyz say,
  /// unless it is required; so is a socket that cannot be made, which the log says.
  tl::expected<ServedAt, std::string> start();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sessync::serve
