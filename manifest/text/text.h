#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sessync::manifest {

/// Unicode characters of valid UTF-8: the unit in which the API and JSON Schema count lengths.
std::size_t count_characters(std::string_view text);

/// True when `text` has a C0 control character or DEL.
bool has_control_character(std::string_view text);

/// The offset of the first byte that is not part of well-formed UTF-8 (no overlong forms, no
/// surrogates, nothing above U+10FFFF), or nothing.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// `text` as it may stand in a message: in double quotes, cut to a readable length between two
/// characters, control characters and quotes escaped.
std::string quoted(std::string_view text);

/// True when every character is a letter, digit or one of `others`; ASCII only.
bool consists_of_alnum_or(std::string_view text, std::string_view others);

}  // namespace sessync::manifest
