#pragma once

#include <optional>
#include <string>

#include "manifest/spec.h"
#include "reconciler/ports/inventory.h"
#include "reconciler/ports/token_source.h"

namespace sessync::tokens {

/// What is known when it is decided whether a repository gets a token. What it refers to outlives
/// it.
struct RotationInput {
  const manifest::RepositoryResource& repository;
  tl::expected<ports::TokenState, ports::TokenError> token;
  const ports::TokenRecord* record = nullptr;  ///< null: nothing is remembered
  /// processed_at of the newest authentication error of this repository; "": there was none.
  std::string newest_fault{};
  ports::TimePoint now{};
};

/// Whether, and why, a repository's token is to be sent.
struct Rotation {
  enum class Verdict {
    kNotDue,
    kDue,
    kUnavailable,  ///< the source cannot be read
    kUseless,      ///< GitHub refused the token that the source still has
  };
  Verdict verdict = Verdict::kNotDue;
  std::string reason;              ///< for people; "" if it is not due
  bool renew = false;              ///< a cached token will not do
  bool lacks_fingerprint = false;  ///< due only because nothing is remembered
  std::string fingerprint;         ///< of what would be sent
  /// The source was not asked, and why: there may be no token, or (kNotDue) a new one.
  std::optional<std::string> unchecked;
  std::string newest_fault;                       ///< dealt with once this rotation is answered
  std::optional<ports::TimePoint> next_check_at;  ///< the verdict changes then, without an event
};

/// Whether the RFC 3339 time `left` is later than `right`; "" is before everything.
bool is_later(const std::string& left, const std::string& right);

/// A token is sent when it changed, when it is too old, when what the session has is not known, and
/// once for each authentication error; the same token at most once in kSameTokenInterval, because
/// GitHub would refuse it again. Pure.
Rotation decide_rotation(const RotationInput& input);

}  // namespace sessync::tokens
