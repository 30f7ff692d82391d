#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace sessync::test {

/// A file's content that shows whether it is of one piece: every word of it says of which
/// generation it is and where it belongs.
inline constexpr std::size_t kFileBytes = 1U << 20U;
inline constexpr std::size_t kFileWords = kFileBytes / sizeof(std::uint64_t);

constexpr std::uint64_t word_of(std::uint64_t generation, std::uint64_t at) {
  return (generation << 20U) | at;
}

/// The words of `generation` from the `first` one on.
void fill(std::span<std::uint64_t> words, std::uint64_t generation, std::uint64_t first);

/// The generation that all of `bytes` is of; nothing if they are of several, or not all there.
std::optional<std::uint64_t> whole_generation(std::span<const char> bytes);

}  // namespace sessync::test
