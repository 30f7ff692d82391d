#pragma once

#include <functional>

#include "daemon/os/completion_queue.h"
#include "daemon/secrets/token_service.h"

namespace sessync {

/// The tokens as one pass worker sees them: answers come back through the worker's own loop. Both
/// must outlive it, and the loop is pumped until nothing of it is under way.
class DaemonTokenSource : public TokenSource {
 public:
  DaemonTokenSource(TokenService& tokens, CompletionQueue& loop) : tokens_(tokens), loop_(loop) {}

  void peek(TokenRequest request,
            std::function<void(tl::expected<TokenState, TokenError>)> done) override;
  void fetch(TokenRequest request,
             std::function<void(tl::expected<Token, TokenError>)> done) override;

 private:
  TokenService& tokens_;
  CompletionQueue& loop_;
};

}  // namespace sessync
