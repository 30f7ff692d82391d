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
/// characters, control characters, quotes and what build systems take for a command ("::", "##")
/// escaped; nothing of it if it holds a secret of a well-known kind.
std::string quoted(std::string_view text);

/// The same for a key, which a manifest's author chose: at most 40 characters, and nothing of it if
/// it looks like a secret.
std::string quoted_key(std::string_view key);

/// The path of a manifest file as it may stand in a message: of its name, which others may have
/// chosen, no more than of a key, but without quotes.
std::string shown_file(std::string_view path);

/// True if it may be the owner of a manifest: 1 to 20 lower-case letters, digits and "-".
bool is_owner_name(std::string_view text);

/// True when every character is a letter, digit or one of `others`; ASCII only.
bool consists_of_alnum_or(std::string_view text, std::string_view others);

}  // namespace sessync::manifest
