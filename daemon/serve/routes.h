#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/os/health.h"
#include "daemon/serve/access.h"
#include "daemon/serve/commands.h"
#include "daemon/serve/documents.h"
#include "daemon/status/http_message.h"
#include "reconciler/ports/secret.h"

namespace sessync {

/// What is behind the paths.
struct RouteTargets {
  StatusBoard* board = nullptr;
  Documents* documents = nullptr;
  DaemonCommands commands;
  std::string page_policy;
  std::function<std::uint64_t()> told;  ///< see Broadcaster
  std::function<Health()> health;       ///< of the process; nothing: it is alive
  Secret nonce;                         ///< see proof_of(); "": there is nobody to show it to
};

/// Answers requests: who may ask, what is asked for, what is said. Any thread.
class Routes {
 public:
  /// `token_file`: read for each write; "": none.
  Routes(RouteTargets targets, bool loopback_listener, std::string token_file);

  [[nodiscard]] HttpReply answer(const StatusRequest& request) const;

 private:
  struct Asked;
  using Reader = HttpReply (Routes::*)(const StatusRequest&) const;

  static Reader reader_of(const std::string& path);
  static std::optional<Asked> write_of(const std::string& path);
  [[nodiscard]] std::optional<AccessRefusal> refusal(const StatusRequest& request,
                                                     bool writes) const;

  [[nodiscard]] Health health() const;
  [[nodiscard]] HttpReply livez(const StatusRequest& request) const;
  [[nodiscard]] HttpReply readyz(const StatusRequest& request) const;
  [[nodiscard]] HttpReply metrics(const StatusRequest& request) const;
  [[nodiscard]] HttpReply status(const StatusRequest& request) const;
  [[nodiscard]] HttpReply events(const StatusRequest& request) const;
  [[nodiscard]] HttpReply page(const StatusRequest& request) const;
  [[nodiscard]] HttpReply proof(const StatusRequest& request) const;
  void give(HttpReply& reply, const StatusRequest& request,
            std::shared_ptr<const std::string> text) const;
  [[nodiscard]] HttpReply write(const StatusRequest& request, const Asked& asked) const;
  [[nodiscard]] SuspendResult carry_out(const Asked& asked) const;

  RouteTargets targets_;
  bool loopback_listener_;
  std::string token_file_;
};

}  // namespace sessync
