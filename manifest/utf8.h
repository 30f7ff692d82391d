#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sessync {

/// The length of the well-formed UTF-8 character at `at` (Unicode, table 3-7: no overlong forms, no
/// surrogates, nothing above U+10FFFF), 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

/// `text` with every control character (C0, C1, DEL) and every byte that is not UTF-8 written as
/// \xNN, so that a hostile file name cannot write to a terminal or a log.
std::string printable(std::string_view text);

}  // namespace sessync
