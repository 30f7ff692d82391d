#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sessync::state {

/// Texts of any bytes as one text: "<length>:<bytes>" each, lengths in decimal digits, nothing
/// between. No text at all is "". The state keeps lists in this form (`intent.deletes`, `origin`).
std::string join_texts(const std::vector<std::string>& texts);

/// The texts that were joined; nothing if `joined` is no such text. Reads nothing behind its end,
/// whatever lengths it claims.
std::optional<std::vector<std::string>> split_texts(std::string_view joined);

}  // namespace sessync::state
