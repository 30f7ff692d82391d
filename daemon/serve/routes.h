#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/http/server/message.h"
#include "daemon/os/health.h"
#include "daemon/secrets/secret_file.h"
#include "daemon/serve/access.h"
#include "daemon/serve/commands.h"
#include "daemon/serve/documents.h"
#include "daemon/serve/refused_tokens.h"
#include "daemon/status/write_trace.h"
#include "reconciler/ports/secret.h"

namespace sessync::serve {

/// What is behind the paths. Pointers are never null, and what they lead to outlives the routes.
struct RouteTargets {
  status::StatusBoard* board = nullptr;
  Documents* documents = nullptr;
  DaemonCommands* commands = nullptr;
  std::string page_policy;
  std::function<std::uint64_t()> told;  ///< see Broadcaster
  std::function<os::Health()> health;   ///< of the process; nothing: it is alive
  ports::Secret nonce;                  ///< see proof_of(); "": there is nobody to show it to
  status::WriteObserver wrote;          ///< any thread; nothing: nobody wonders
};

/// Who may ask for what.
struct RouteAccess {
  bool tls = false;
  std::string admin_token_file{};  ///< read for each write; "": none
  std::string read_token_file{};   ///< read again when it changes; "": none
  std::vector<std::string> allowed_hosts{};
};

/// Answers requests: who may ask (access.h), what is asked for, what is said.
///
///   GET  /                              the page; /page/since/{id} and /page/sessions/{name} are
///                                       parts of it, for its script
///   GET  /livez, /readyz                probes: open to everybody, whatever Host they name
///   GET  /metrics, /api/v1/status       documents; the latter with an ETag
///   GET  /api/v1/events                 server-sent events; /api/v1/events/{id}, or Last-Event-ID,
///                                       goes on after an event
///   GET  /api/v1/proof/{challenge}      that this is the daemon of a state directory (proof.h)
///   POST /api/v1/sessions/{name}/reconcile, suspend, resume
///
/// Through a Unix socket everything is open to whom the file system lets connect: tokens and the
/// rule about Host are for what others can reach, and a browser.
/// HEAD is as GET; every error is a JSON document. It keeps no state of a request; any thread.
class Routes {
 public:
  /// Opens no file yet: tokens are read when a request needs one.
  Routes(RouteTargets targets, RouteAccess access);

  /// May take as long as the command that is asked for: up to ten seconds for suspend, else what
  /// rendering takes.
  [[nodiscard]] http::Reply answer(const http::Request& request) const;

 private:
  struct Asked;
  using Reader = http::Reply (Routes::*)(const http::Request&) const;

  static Reader reader_of(const std::string& path);
  static std::optional<Asked> write_of(const std::string& path);
  [[nodiscard]] std::optional<AccessRefusal> refusal(const http::Request& request,
                                                     RequestFacts::Asks asks) const;
  [[nodiscard]] std::optional<AccessRefusal> slow_down(const http::Request& request,
                                                       RequestFacts::Asks asks) const;
  void tell_of_refused(const http::Request& request) const;
  void tell_of_write(const http::Request& request, const std::optional<Asked>& asked,
                     int status) const;

  [[nodiscard]] os::Health health() const;
  [[nodiscard]] http::Reply livez(const http::Request& request) const;
  [[nodiscard]] http::Reply readyz(const http::Request& request) const;
  [[nodiscard]] http::Reply metrics(const http::Request& request) const;
  [[nodiscard]] http::Reply status(const http::Request& request) const;
  [[nodiscard]] http::Reply events(const http::Request& request) const;
  [[nodiscard]] http::Reply page(const http::Request& request) const;
  [[nodiscard]] http::Reply proof(const http::Request& request) const;
  void give(http::Reply& reply, const http::Request& request,
            std::shared_ptr<const std::string> text) const;
  [[nodiscard]] http::Reply write(const http::Request& request, const Asked& asked) const;
  [[nodiscard]] SuspendResult carry_out(const Asked& asked) const;

  RouteTargets targets_;
  RouteAccess access_;
  std::unique_ptr<secrets::SecretFile> admin_token_;  ///< null: there is none
  std::unique_ptr<secrets::SecretFile> read_token_;
  std::unique_ptr<RefusedTokens> refused_tokens_ = std::make_unique<RefusedTokens>();
};

}  // namespace sessync::serve
