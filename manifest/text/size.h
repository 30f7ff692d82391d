#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sessync::manifest {

/// A whole number and a unit, without a blank: KB, MB and GB are powers of ten, KiB, MiB and GiB of
/// two.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest text that parse_size() reads as `bytes`; a number that no unit divides stays one,
/// in "bytes".
std::string format_size(std::uint64_t bytes);

}  // namespace sessync::manifest
