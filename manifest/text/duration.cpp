#include "manifest/text/duration.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sessync::manifest {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};
constexpr std::array<Unit, 3> kUnits = {{{'h', 3600}, {'m', 60}, {'s', 1}}};
/// Enough for thirty years in seconds, and far from overflow in hours.
constexpr std::size_t kMaxDigits = 9;

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0 || digits > kMaxDigits || digits == text.size()) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : text.substr(0, digits)) value = value * 10 + (c - '0');
    while (next_unit < kUnits.size() && kUnits.at(next_unit).letter != text[digits]) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    total += value * kUnits.at(next_unit++).seconds;
    text.remove_prefix(digits + 1);
  }
  return std::chrono::seconds(total);
}

std::string format_duration(std::chrono::seconds duration) {
  std::string text;
  auto rest = std::int64_t{duration.count()};
  for (const auto& unit : kUnits) {
    if (rest < unit.seconds) continue;
    text += std::to_string(rest / unit.seconds) + unit.letter;
    rest %= unit.seconds;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace sessync::manifest
