#include "daemon/secrets/daemon_token_source.h"

#include <utility>

namespace sessync {

void DaemonTokenSource::peek(TokenRequest request,
                             std::function<void(tl::expected<TokenState, TokenError>)> done) {
  Announcement announced(loop_);
  tokens_.peek(request, [&loop = loop_, done = std::move(done)](
                            const tl::expected<TokenState, TokenError>& answer) {
    loop.post([done, answer] { done(answer); });
  });
  announced.handed_over();
}

void DaemonTokenSource::fetch(TokenRequest request,
                              std::function<void(tl::expected<Token, TokenError>)> done) {
  Announcement announced(loop_);
  tokens_.fetch(request, [&loop = loop_,
                          done = std::move(done)](const tl::expected<Token, TokenError>& answer) {
    loop.post([done, answer] { done(answer); });
  });
  announced.handed_over();
}

}  // namespace sessync
