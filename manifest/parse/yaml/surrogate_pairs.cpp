#include "manifest/parse/yaml/surrogate_pairs.h"

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <optional>

namespace sessync::manifest {
namespace {

// Characters for private use, three bytes each in UTF-8. A stand-in is a mark and three digits.
constexpr std::uint32_t kFirstDigit = 0xE000;
constexpr unsigned kBitsOfDigit = 12;
constexpr std::uint32_t kFirstMark = 0xF000;
constexpr std::size_t kMarks = 0x900;
constexpr std::size_t kHalfPair = 6;  // \ud83d
constexpr std::size_t kWholePair = 2 * kHalfPair;
constexpr std::size_t kStandIn = kWholePair;

/// A character of three or four bytes.
void append_wide(std::string& out, std::uint32_t c) {
  const auto tail = [c](unsigned shift) { return static_cast<char>(0x80U | (c >> shift & 0x3FU)); };
  if (c < 0x10000) {
    out += {static_cast<char>(0xE0U | c >> 12U), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xF0U | c >> 18U), tail(12), tail(6), tail(0)};
  }
}

/// The four hexadecimal digits at the beginning of `text`.
std::optional<std::uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    const auto digit =
        letter ? (static_cast<unsigned>(c) & 7U) + 9U : static_cast<unsigned>(c - '0');
    value = value << 4U | digit;
  }
  return value;
}

std::optional<std::uint32_t> escape_at(std::string_view text) {
  return text.starts_with("\\u") ? hex4(text.substr(2)) : std::nullopt;
}

/// The character of the pair that `text` begins with.
std::optional<std::uint32_t> pair_at(std::string_view text) {
  const auto high = escape_at(text);
  if (!high || *high < 0xD800 || *high > 0xDBFF) return std::nullopt;
  const auto low = escape_at(text.substr(kHalfPair));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  return 0x10000U + ((*high - 0xD800U) << 10U) + (*low - 0xDC00U);
}

/// A character for private use that the text holds neither itself nor as an escape; "": all do.
std::string free_mark(std::string_view text) {
  std::bitset<kMarks> used;
  const auto use = [&used](std::uint32_t c) {
    if (c >= kFirstMark && c < kFirstMark + kMarks) used.set(c - kFirstMark);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const auto hex = hex4(text.substr(i))) use(*hex);
    if (text[i] != '\xEF' || text.size() - i < 3) continue;
    use(0xF000U | (static_cast<unsigned char>(text[i + 1]) & 0x3FU) << 6U |
        (static_cast<unsigned char>(text[i + 2]) & 0x3FU));
  }
  std::string mark;
  for (std::size_t i = 0; i < kMarks && mark.empty(); ++i) {
    if (!used.test(i)) append_wide(mark, kFirstMark + static_cast<std::uint32_t>(i));
  }
  return mark;
}

/// The number in the digits of a stand-in.
std::size_t number_of(std::string_view digits) {
  std::size_t number = 0;
  for (std::size_t i = 0; i + 3 <= digits.size(); i += 3) {
    const auto bits = [&digits, i](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(digits[i + at]) & 0x3FU);
    };
    number = number << kBitsOfDigit | bits(1) << 6U | bits(2);
  }
  return number;
}

}  // namespace

SurrogatePairs::SurrogatePairs(std::string_view text) {
  std::size_t backslashes = 0;  // directly before this place: an even number escapes nothing
  std::size_t taken = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\' || backslashes % 2 != 0 || !pair_at(text.substr(i))) {
      backslashes = text[i] == '\\' ? backslashes + 1 : 0;
      ++i;
      continue;
    }
    if (pairs_.empty()) mark_ = free_mark(text);
    if (mark_.empty()) break;
    text_ += text.substr(taken, i - taken);
    text_ += stand_in_for(text.substr(i, kWholePair));
    i = taken = i + kWholePair;
    backslashes = 0;
  }
  text_ += text.substr(taken);
}

std::string SurrogatePairs::stand_in_for(std::string_view pair) {
  const auto [known, added] = index_.emplace(pair, pairs_.size());
  if (added) pairs_.emplace_back(pair);
  std::string result = mark_;
  for (unsigned digit = 3; digit-- > 0;) {
    const auto bits = known->second >> digit * kBitsOfDigit & ((1U << kBitsOfDigit) - 1U);
    append_wide(result, kFirstDigit + static_cast<std::uint32_t>(bits));
  }
  return result;
}

bool SurrogatePairs::occur_in(std::string_view value) const {
  return !mark_.empty() && value.find(mark_) != value.npos;
}

std::string SurrogatePairs::decode(std::string_view value, bool double_quoted) const {
  std::string result;
  while (occur_in(value)) {
    const auto at = value.find(mark_);
    result += value.substr(0, at);
    const auto& pair = pairs_.at(number_of(value.substr(at + 3, kStandIn - 3)));
    if (double_quoted) {
      append_wide(result, *pair_at(pair));
    } else {
      result += pair;
    }
    value.remove_prefix(std::min(at + kStandIn, value.size()));
  }
  return result += value;
}

}  // namespace sessync::manifest
