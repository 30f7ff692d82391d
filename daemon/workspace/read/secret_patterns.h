#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "reconciler/ports/suspected_secret.h"

namespace sessync::workspace {

/// Raised whenever secret_at() says something else of any text.
inline constexpr std::uint16_t kSecretPatterns = 1;

/// As much of a content as there is by now.
class SecretText {
 public:
  /// `whole`: nothing comes after it.
  SecretText(std::span<const char> bytes, bool whole) : bytes_(bytes), whole_(whole) {}

  /// '\0' where nothing is, or nothing yet.
  [[nodiscard]] char at(std::size_t place) const {
    if (place < bytes_.size()) return bytes_[place];
    ran_out_ = true;
    return '\0';
  }
  /// Something was asked for that is still to come: what was made of it may become something else.
  [[nodiscard]] bool ran_out() const { return ran_out_ && !whole_; }

 private:
  std::span<const char> bytes_;
  bool whole_;
  mutable bool ran_out_ = false;
};

/// How far before an anchor a text, or what must come before it, may begin.
inline constexpr std::size_t kBeforeAnchor = 96;

/// What stands at `anchor` (see next_anchor). Only forms that are certain count:
///
///     -----BEGIN [...] PRIVATE KEY [BLOCK]-----, and the key
///     sk-ant-   ghp_ gho_ ghs_ github_pat_   xoxa- xoxb- xoxp-   glpat-   _authToken=, and 20
///     characters AKIA and 16 capitals or digits JSON web tokens of service accounts (Kubernetes,
///     Google)
///
/// What is less, is cut short ("..."), is made of words or of few characters, says of itself that
/// it is an example, or stands in the documentation of who gives such secrets out, passes.
std::optional<ports::SecretKind> secret_at(const SecretText& text, std::size_t anchor);

}  // namespace sessync::workspace
