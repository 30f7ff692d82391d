#include "manifest/text/size.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sessync::manifest {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 6> kSizeUnits = {{
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"KiB", std::uint64_t{1} << 10U},
    {"MiB", std::uint64_t{1} << 20U},
    {"GiB", std::uint64_t{1} << 30U},
}};
/// An exabyte in GB, and far from overflow in GiB.
constexpr std::size_t kMaxSizeDigits = 9;

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > kMaxSizeDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text.substr(0, digits)) value = value * 10 + static_cast<unsigned>(c - '0');
  for (const auto& [unit, bytes] : kSizeUnits) {
    if (text.substr(digits) == unit) return value * bytes;
  }
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  std::string shortest = std::to_string(bytes) + " bytes";
  for (const auto& [unit, factor] : kSizeUnits) {
    if (bytes == 0 || bytes % factor != 0) continue;
    std::string text = std::to_string(bytes / factor) + std::string(unit);
    if (text.size() < shortest.size()) shortest = std::move(text);
  }
  return shortest;
}

}  // namespace sessync::manifest
