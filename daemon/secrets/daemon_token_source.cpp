#include "daemon/secrets/daemon_token_source.h"

#include <memory>
#include <utility>

namespace sessync::secrets {
namespace {

template <class T>
using TokenDone = std::function<void(tl::expected<T, ports::TokenError>)>;

/// The copy constructor of tl::expected is noexcept where those of what it holds are not: without
/// memory it ends the process.
template <class T>
tl::expected<T, ports::TokenError> copy_of(const tl::expected<T, ports::TokenError>& answer) {
  if (answer) {
    T value = *answer;
    return value;
  }
  ports::TokenError error = answer.error();
  return tl::unexpected(std::move(error));
}

/// Answers in the loop, whatever is thrown on the way.
template <class T>
std::function<void(const tl::expected<T, ports::TokenError>&)> through(os::CompletionQueue& loop,
                                                                       TokenDone<T> done) {
  const auto delivery = std::make_shared<os::Delivery>(loop, [done] {
    done(tl::unexpected(
        ports::TokenError{"an error inside of sessync, whose log says more; no token is "
                          "sent"}));
  });
  return [delivery, done = std::move(done)](const tl::expected<T, ports::TokenError>& answer) {
    delivery->post([done, answer = copy_of(answer)]() mutable { done(std::move(answer)); });
  };
}

}  // namespace

void DaemonTokenSource::peek(ports::TokenRequest request, TokenDone<ports::TokenState> done) {
  tokens_.peek(request, through(loop_, std::move(done)));
}

void DaemonTokenSource::fetch(ports::TokenRequest request, TokenDone<ports::Token> done) {
  tokens_.fetch(request, through(loop_, std::move(done)));
}

}  // namespace sessync::secrets
