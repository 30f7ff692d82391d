#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/secret.h"

/// Tokens as text, and text that must not show any.
namespace sessync {

constexpr std::size_t kMaxTokenBytes = 4096;

/// The token that `text` holds, without one newline at its end. An error continues a sentence whose
/// subject is the text ("is empty") and repeats nothing of it. `text` is wiped.
tl::expected<Secret, std::string> token_of_text(std::string text);

/// What somebody else said, fit for a message of ours: one line of printable characters, no longer
/// than `most` bytes, words that look like credentials masked.
std::string safe_excerpt(std::string_view text, std::size_t most);

}  // namespace sessync
