#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "reconciler/ports/secret.h"

/// Keys and tokens as people leave them in files, variables and the output of programs.
namespace sessync::secrets {

inline constexpr std::size_t kMaxTokenBytes = 4096;

/// `text` without a byte order mark and without white space at both ends: editors and shells put
/// them there.
std::string_view without_surroundings(std::string_view text);

/// The credential that `text` holds. What is left without its surroundings must be printable ASCII
/// without blanks. An error continues a sentence whose subject is the text ("is empty") and repeats
/// nothing of it. `text` is wiped.
tl::expected<ports::Secret, std::string> credential_of_text(std::string text,
                                                            std::size_t most = kMaxTokenBytes);

/// Likewise of the token of a repository, which an Anthropic API key is not: whoever names one by
/// mistake, or on purpose, does not get it sent.
tl::expected<ports::Secret, std::string> repository_token_of_text(std::string text);

}  // namespace sessync::secrets
