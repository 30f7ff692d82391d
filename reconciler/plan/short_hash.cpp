#include "reconciler/plan/short_hash.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sessync::plan {

/// FNV-1a.
std::string short_hash(const std::vector<std::string>& texts) {
  std::uint64_t hash = 14695981039346656037U;
  const auto mix = [&](const std::string& text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    hash = (hash ^ 0xFFU) * 1099511628211U;
  };
  std::ranges::for_each(texts, mix);
  constexpr std::array kHex{'0', '1', '2', '3', '4', '5', '6', '7',
                            '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  std::string text;
  for (int shift = 44; shift >= 0; shift -= 4) {
    text += kHex.at((hash >> static_cast<unsigned>(shift)) & 0xFU);
  }
  return text;
}

}  // namespace sessync::plan
