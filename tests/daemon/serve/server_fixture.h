#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/remote/client.h"
#include "daemon/serve/server.h"
#include "tests/daemon/http/server/raw_client.h"
#include "tests/daemon/status/passes.h"

namespace sessync::test {

/// A server with a board of its own and commands that are noted. Session "a" is known, "fixed" is
/// suspended by the manifest, "full" cannot be recorded.
class ServedBoard final : public serve::DaemonCommands {
 public:
  explicit ServedBoard(const std::string& token_file = "",
                       const std::string& listen = "127.0.0.1:0")
      : server_(std::make_unique<serve::StatusServer>(
            serve::StatusServerOptions{listen, token_file, nonce}, board, *this,
            [] { return "metric 1\n"; })) {
    board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
    address = server_->start().value().address;
  }

  void stop() { server_.reset(); }

  [[nodiscard]] remote::DaemonClient client() const {
    return {http::parse_listen_address(address).value(), nonce};
  }

  [[nodiscard]] std::string ask(const std::string& request) const {
    return RawClient::ask(address, request);
  }

  [[nodiscard]] std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  serve::CommandResult reconcile(const std::string& name, const std::string& allow) override {
    return note("reconcile(" + allow + ")", name);
  }
  serve::SuspendResult suspend(const std::string& name, const std::string& by) override {
    board.set_suspensions({{name, state::Suspension{by, at(5)}}}, at(5));
    const auto noted = note("suspend(" + by + ")", name);
    return noted ? serve::SuspendResult(serve::Suspending{{"/b"}})
                 : serve::SuspendResult(tl::unexpected(noted.error()));
  }
  serve::CommandResult resume(const std::string& name) override { return note("resume", name); }

  const ports::Secret nonce{"what only this server knows"};
  status::StatusBoard board{kOrigin};
  std::string address;

 private:
  serve::CommandResult note(const std::string& what, const std::string& name) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(what + " " + name);
    if (name == "fixed") {
      return tl::unexpected(serve::CommandRefusal{serve::CommandRefusal::Kind::kSuspendedByManifest,
                                                  "the manifest says so"});
    }
    if (name == "full") {
      return tl::unexpected(
          serve::CommandRefusal{serve::CommandRefusal::Kind::kNotRecorded, "disk full"});
    }
    if (name != "a") {
      return tl::unexpected(
          serve::CommandRefusal{serve::CommandRefusal::Kind::kUnknownSession, "who is that"});
    }
    return {};
  }

  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::unique_ptr<serve::StatusServer> server_;
};

}  // namespace sessync::test
