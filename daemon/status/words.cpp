#include "daemon/status/words.h"

#include <array>
#include <cmath>

namespace sessync::status::words {
namespace {

std::string in_units(std::int64_t seconds) {
  struct Unit {
    std::int64_t seconds;
    const char* name;
  };
  static constexpr std::array<Unit, 3> kUnits{{{86400, " d"}, {3600, " h"}, {60, " min"}}};
  for (const auto& unit : kUnits) {
    if (seconds >= unit.seconds) {
      return std::to_string(seconds / unit.seconds) + unit.name;
    }
  }
  return std::to_string(seconds) + " s";
}

}  // namespace

std::string relative(ports::TimePoint at, ports::TimePoint now) {
  const auto seconds = static_cast<std::int64_t>(
      std::floor(std::abs(static_cast<double>((now - at).count()) / 1e3)));
  if (seconds == 0) {
    return at > now ? "now" : "just now";
  }
  return at > now ? "in " + in_units(seconds) : in_units(seconds) + " ago";
}

std::string span(ports::Duration length) {
  const auto ms = length.count();
  if (ms < 1000) {
    return std::to_string(ms) + " ms";
  }
  if (ms < 10000) {
    return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
  }
  return in_units(ms / 1000);
}

std::string number(std::uint64_t value) {
  auto digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return number(count) + " " + (count == 1 ? one : many);
}

std::string of_sessions(std::size_t count, std::size_t all) {
  const std::string verb = count == 1 ? " is" : " are";
  if (count < all) {
    return number(count) + " of " + number(all) + " sessions" + verb;
  }
  return (all == 1 ? "The session" : "All " + number(all) + " sessions") + verb;
}

}  // namespace sessync::status::words
