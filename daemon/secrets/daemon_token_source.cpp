#include "daemon/secrets/daemon_token_source.h"

#include <memory>
#include <utility>

namespace sessync {
namespace {

template <class T>
using TokenDone = std::function<void(tl::expected<T, TokenError>)>;

/// Answers in the loop, whatever is thrown on the way.
template <class T>
std::function<void(const tl::expected<T, TokenError>&)> through(CompletionQueue& loop,
                                                                TokenDone<T> done) {
  const auto delivery = std::make_shared<Delivery>(loop, [done] {
    done(
        tl::unexpected(TokenError{"an error inside of sessync, whose log says more; no token is "
                                  "sent"}));
  });
  return [delivery, done = std::move(done)](const tl::expected<T, TokenError>& answer) {
    delivery->post([done, answer] { done(answer); });
  };
}

}  // namespace

void DaemonTokenSource::peek(TokenRequest request, TokenDone<TokenState> done) {
  tokens_.peek(request, through(loop_, std::move(done)));
}

void DaemonTokenSource::fetch(TokenRequest request, TokenDone<Token> done) {
  tokens_.fetch(request, through(loop_, std::move(done)));
}

}  // namespace sessync
