#include "daemon/app/progress_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

namespace sessync::app {
namespace {

struct Unit {
  double bytes;
  std::string_view name;
};
constexpr std::array<Unit, 3> kUnits = {{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}}};

/// "1.2", in the unit's bytes.
std::string amount(double bytes, const Unit& unit) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", bytes / unit.bytes);
  return text.data();
}

Unit unit_of(double bytes) {
  const auto* const fits =
      std::ranges::find_if(kUnits, [bytes](const Unit& unit) { return bytes >= unit.bytes; });
  return fits == kUnits.end() ? kUnits.back() : *fits;
}

std::string remaining(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
  if (whole < 60) return std::to_string(whole) + " s left";
  const auto minutes = whole / 60;
  if (minutes < 60)
    return std::to_string(minutes) + " min " + std::to_string(whole % 60) + " s left";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min left";
}

std::vector<std::string> parts_of(const ProgressFigures& now) {
  std::vector<std::string> parts{std::to_string(now.files) + " of " +
                                 std::to_string(now.files_total) + " files"};
  if (now.bytes_total == 0) return parts;
  const auto total = static_cast<double>(now.bytes_total);
  const auto done = static_cast<double>(std::min(now.bytes, now.bytes_total));
  const auto unit = unit_of(total);
  parts.push_back(amount(done, unit) + " of " + amount(total, unit) + " " + std::string(unit.name));
  const auto seconds = static_cast<double>(now.elapsed.count()) / 1000;
  if (done == 0 || seconds <= 0) return parts;
  const auto rate = done / seconds;
  const auto rate_unit = unit_of(rate);
  parts.push_back(amount(rate, rate_unit) + " " + std::string(rate_unit.name) + "/s");
  if (done < total) parts.push_back(remaining((total - done) / rate));
  return parts;
}

}  // namespace

std::string progress_line(const ProgressFigures& figures, std::size_t columns) {
  std::string line;
  for (const auto& part : parts_of(figures)) {
    const auto separator = line.empty() ? std::string_view() : std::string_view(", ");
    if (line.size() + separator.size() + part.size() + 1 > columns) break;
    line.append(separator).append(part);
  }
  return line;
}

}  // namespace sessync::app
