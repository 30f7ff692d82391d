#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"
#include "reconciler/ports/state_store.h"

namespace sessync::remote {

/// What a running daemon leaves in its state directory (daemon.json), by which commands find it.
struct DaemonFile {
  int pid = 0;
  std::string listen;    ///< HOST:PORT as it was bound, "off", or "": it waits for its address
  ports::Secret nonce;   ///< of this start of the daemon: see proof_of()
  bool tls = false;      ///< it speaks TLS there
  std::string socket{};  ///< path of its Unix socket; "": it has none
  friend bool operator==(const DaemonFile&, const DaemonFile&) = default;
};

/// Replaces the file at once: who reads it finds the old one or the new one. Nobody but its owner
/// can read it. The error is worded for the user.
tl::expected<void, ports::StoreError> write_daemon_file(const std::string& state_dir,
                                                        const DaemonFile& file);

/// Nothing: there is none. A file that is no such document is an error, which names it. Whether the
/// daemon still runs is not said by it: see StateLock::holder().
tl::expected<std::optional<DaemonFile>, std::string> read_daemon_file(const std::string& state_dir);

/// If it is still the one of this process: a daemon that came after keeps its own.
void remove_daemon_file(const std::string& state_dir, int pid);

}  // namespace sessync::remote
