#pragma once

#include <bitset>
#include <cstddef>
#include <string_view>

namespace sessync::os {

/// A quick no for almost every place of a text at which none of some words begins. Words have four
/// letters or more; in a text they may be escaped.
class Beginnings {
 public:
  void add(std::string_view word) { bits_.set(bit_of(word)); }
  void clear() { bits_.reset(); }

  /// False: none of them does. What may be an escape among the first letters is always a maybe.
  [[nodiscard]] bool may_begin(std::string_view text) const {
    const auto letters = text.substr(0, kLetters);
    if (letters.find_first_of("%\\") != letters.npos) return true;
    return letters.size() == kLetters && bits_.test(bit_of(letters));
  }

 private:
  static constexpr std::size_t kLetters = 4;
  static constexpr unsigned kBits = 18;

  /// Both alphabets of base64 are one here.
  static std::size_t bit_of(std::string_view word) {
    std::size_t hash = 0;
    for (const char c : word.substr(0, kLetters)) {
      const char plain = c == '-' ? '+' : c == '_' ? '/' : c;
      hash = hash * 131 + static_cast<unsigned char>(plain);
    }
    return (hash ^ hash >> kBits) & ((std::size_t{1} << kBits) - 1);
  }

  std::bitset<std::size_t{1} << kBits> bits_;
};

}  // namespace sessync::os
