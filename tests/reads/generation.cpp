#include "tests/reads/generation.h"

#include <cstring>

namespace sessync::test {

void fill(std::span<std::uint64_t> words, std::uint64_t generation, std::uint64_t first) {
  for (std::uint64_t& word : words) word = word_of(generation, first++);
}

std::optional<std::uint64_t> whole_generation(std::span<const char> bytes) {
  if (bytes.size() != kFileBytes) return std::nullopt;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  const std::uint64_t generation = word >> 20U;
  for (std::uint64_t at = 0; at < kFileWords; ++at) {
    std::memcpy(&word, bytes.data() + at * sizeof word, sizeof word);
    if (word != word_of(generation, at)) return std::nullopt;
  }
  return generation;
}

}  // namespace sessync::test
