#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sessync::observe {

/// The longest name that a file can have: 255 bytes on Linux, 255 characters at the API, of which
/// there are never more than bytes.
inline constexpr std::size_t kMaxNameBytes = 255;

/// `name` (UTF-8) in at most `limit` bytes of whole characters: what is too long loses its middle,
/// not its extension. For names that people read; two long names may become one.
std::string shortened_name(std::string_view name, std::size_t limit);

}  // namespace sessync::observe
