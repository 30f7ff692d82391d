#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sessync::manifest {

/// The length of the well-formed UTF-8 character at `at` (Unicode, table 3-7: no overlong forms, no
/// surrogates, nothing above U+10FFFF), 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);

/// Whether the one well-formed `character` is no control character (C0, C1, DEL) and none that
/// turns the direction of text or ends a line.
bool is_harmless(std::string_view character);

/// `text` with every character that is not harmless, and every byte that is not UTF-8, written as
/// \xNN, so that a hostile name can neither write to a terminal or a log nor look like another.
std::string printable(std::string_view text);

}  // namespace sessync::manifest
