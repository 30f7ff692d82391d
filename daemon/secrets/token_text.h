#pragma once

#include <string>
#include <string_view>

/// Text that must not show a token.
namespace sessync::secrets {

/// What somebody else said, fit for a message of ours: one line of printable characters, no longer
/// than `most` bytes, words that look like credentials masked.
std::string safe_excerpt(std::string_view text, std::size_t most);

}  // namespace sessync::secrets
