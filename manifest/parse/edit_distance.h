#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sessync::manifest {

/// Single-character insertions, deletions, substitutions and swaps of neighbours between two words.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// `; did you mean "x"?` for the known word nearest to `word`, or "" if none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace sessync::manifest
