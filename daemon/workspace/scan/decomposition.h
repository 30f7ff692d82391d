#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sessync::workspace {

/// The characters of a UTF-8 text, those with marks taken apart (Unicode's normal form D, as far as
/// file names need it): two texts that look alike become equal. Nothing: it is no UTF-8.
std::optional<std::u32string> decomposed(std::string_view text);

/// The text with each character beyond ASCII written as \uXXXX, so that what looks alike does not.
std::string spelled(std::string_view text);

}  // namespace sessync::workspace
