#include <array>
#include <charconv>
#include <utility>

#include "daemon/cli/options.h"

namespace sessync {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> unit_of(const std::string& unit) {
  static const std::array<std::pair<const char*, milliseconds>, 4> kUnits{{
      {"ms", milliseconds{1}},
      {"s", std::chrono::seconds{1}},
      {"m", std::chrono::minutes{1}},
      {"h", std::chrono::hours{1}},
  }};
  for (const auto& [name, length] : kUnits) {
    if (unit == name) {
      return length;
    }
  }
  return std::nullopt;
}

bool set_rate(MaxRates& rates, const std::string& name, double rate) {
  if (name == "writes") {
    rates.writes = rate;
  } else if (name == "reads") {
    rates.reads = rate;
  } else if (name == "files") {
    rates.files = rate;
  } else {
    return false;
  }
  return true;
}

/// "writes=5/s"
bool parse_rate(const std::string& item, MaxRates& rates) {
  const auto equals = item.find('=');
  if (equals == std::string::npos || !item.ends_with("/s")) {
    return false;
  }
  const auto number = item.substr(equals + 1, item.size() - equals - 3);
  double rate = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rate);
  return error == std::errc() && end == number.data() + number.size() && rate > 0 && rate <= 1e6 &&
         set_rate(rates, item.substr(0, equals), rate);
}

}  // namespace

std::optional<milliseconds> parse_duration(const std::string& text) {
  constexpr std::int64_t kMaxNumber = 1'000'000'000;
  milliseconds total{0};
  std::size_t at = 0;
  while (at < text.size()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > kMaxNumber) {
      return std::nullopt;
    }
    const auto unit_at = static_cast<std::size_t>(end - text.data());
    const auto unit_end = std::min(text.find_first_of("0123456789", unit_at), text.size());
    const auto unit = unit_of(text.substr(unit_at, unit_end - unit_at));
    if (!unit) {
      return std::nullopt;
    }
    total += *unit * number;
    at = unit_end;
  }
  return text.empty() ? std::nullopt : std::optional(total);
}

std::optional<MaxRates> parse_max_rates(const std::string& text) {
  MaxRates rates;
  for (std::size_t at = 0; at < text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (!parse_rate(text.substr(at, comma - at), rates)) {
      return std::nullopt;
    }
    at = comma + 1;
  }
  return rates;
}

}  // namespace sessync
