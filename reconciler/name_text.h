#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sessync {

/// `name` (UTF-8) in at most `limit` bytes of whole characters: what is too long loses its middle,
/// not its extension.
std::string shortened_name(std::string_view name, std::size_t limit);

}  // namespace sessync
