#pragma once

#include <functional>

#include "daemon/os/completion_queue.h"
#include "daemon/secrets/token_service.h"

namespace sessync::secrets {

/// The tokens as one pass worker sees them: answers come back through the worker's own loop. Both
/// must outlive it, and the loop is pumped until nothing of it is under way.
class DaemonTokenSource : public ports::TokenSource {
 public:
  DaemonTokenSource(TokenService& tokens, os::CompletionQueue& loop)
      : tokens_(tokens), loop_(loop) {}

  void peek(ports::TokenRequest request,
            std::function<void(tl::expected<ports::TokenState, ports::TokenError>)> done) override;
  void fetch(ports::TokenRequest request,
             std::function<void(tl::expected<ports::Token, ports::TokenError>)> done) override;

 private:
  TokenService& tokens_;
  os::CompletionQueue& loop_;
};

}  // namespace sessync::secrets
