#include <charconv>
#include <cstdint>

#include "daemon/config/options.h"
#include "manifest/text/duration.h"

namespace sessync::config {
namespace {

bool set_rate(api::MaxRates& rates, const std::string& name, double rate) {
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
bool parse_rate(const std::string& item, api::MaxRates& rates) {
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

std::optional<std::chrono::milliseconds> parse_wait(const std::string& text) {
  if (!text.ends_with("ms")) {
    return manifest::parse_duration(text);
  }
  constexpr std::uint32_t kMax = 1'000'000'000;
  std::uint32_t count = 0;
  const auto* last = text.data() + text.size() - 2;
  const auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc() || end != last || count > kMax) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(count);
}

std::optional<int> parse_percentage(const std::string& text) {
  int percent = 0;
  const auto* last = text.data() + text.size() - (text.ends_with('%') ? 1 : 0);
  const auto [end, error] = std::from_chars(text.data(), last, percent);
  const bool is_whole = error == std::errc() && end == last && text.ends_with('%');
  return is_whole && percent >= 0 && percent <= 99 ? std::optional(percent) : std::nullopt;
}

std::optional<api::MaxRates> parse_max_rates(const std::string& text) {
  api::MaxRates rates;
  for (std::size_t at = 0; at < text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (!parse_rate(text.substr(at, comma - at), rates)) {
      return std::nullopt;
    }
    at = comma + 1;
  }
  return rates;
}

}  // namespace sessync::config
