#pragma once

#include <string>
#include <string_view>

/// The door for words of others: of libraries, of servers and their proxies, of the environment.
/// They may hold secrets, because such a secret was wrong, and bytes that a terminal obeys.
namespace sessync::os {

/// One line of at most `most` bytes, without secrets and without the user and password of any URL.
std::string foreign_text(std::string_view text, std::size_t most = 300);

/// The same for a text of several lines, all of it.
std::string foreign_lines(std::string_view text);

/// Only that: without secrets, and otherwise as it is. For a line that people read.
std::string without_secrets(std::string_view text);

/// Without secrets of sixteen bytes and more. For names and documents: a shorter secret may be part
/// of a name or a key, which has to stay what it is for whoever looks for it.
std::string without_long_secrets(std::string_view text);

}  // namespace sessync::os
