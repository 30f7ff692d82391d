#pragma once

#include <cstdint>

namespace sessync::ports {

/// What a text is, by its form. The numbers are kept in the state, so none of them is given to
/// another kind.
enum class SecretKind : std::uint8_t {
  kPrivateKey = 1,
  kAnthropicKey = 2,
  kGithubToken = 3,
  kAwsKey = 4,
  kSlackToken = 5,
  kGitlabToken = 6,
  kNpmToken = 7,
  kServiceAccount = 8,
};

/// The first text in a content that has the form of a secret: where it is and what, never the text.
struct SuspectedSecret {
  SecretKind kind = SecretKind::kPrivateKey;
  std::uint32_t line = 0;  ///< counts from 1
  friend bool operator==(const SuspectedSecret&, const SuspectedSecret&) = default;
};

}  // namespace sessync::ports
