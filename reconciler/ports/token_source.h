#pragma once

#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "manifest/spec.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/secret.h"

namespace sessync::ports {

/// Which token is meant.
struct TokenRequest {
  std::string repository_url;  ///< as declared; a source may mint for this repository alone
  manifest::TokenSpec source;
  std::string sent_fingerprint;  ///< what was sent last; "" if that is not known
  bool renew = false;  ///< the last one was refused by GitHub: do not hand out a cached one
};

/// What can be said of a token without handing it out. A keyed digest: of the token itself, or, for
/// a source that mints a new token each time it is asked, of the source's configuration.
struct TokenState {
  std::string fingerprint;  ///< "": the source would have to be asked, see `unchecked`
  bool mints = false;       ///< the source makes a new token each time
  /// Why this process, which only looks, did not ask the source what it would answer; nothing: it
  /// did, or will when the token is fetched.
  std::optional<std::string> unchecked{};
};

/// A token that may be sent, once; see Secret for how long it lives.
struct Token {
  Secret secret;
  TokenState state;
  std::optional<TimePoint> renew_at;  ///< when two thirds of its life are over; nothing: unknown
};

/// Why there is no token, as operators are told.
struct TokenError {
  std::string message;  ///< what happened, to which source, what to do; carries no secret
};

/// The port to where tokens come from. Completions as those of SessionApi.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// Never mints. A source that cannot be read is an error; one that has to be asked is asked only
  /// if this process may fetch as well.
  virtual void peek(TokenRequest request,
                    std::function<void(tl::expected<TokenState, TokenError>)> done) = 0;
  /// The token to be sent. May mint one, run a program or ask another server; takes as long as
  /// that.
  virtual void fetch(TokenRequest request,
                     std::function<void(tl::expected<Token, TokenError>)> done) = 0;
};

}  // namespace sessync::ports
