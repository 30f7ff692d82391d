#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sessync::manifest {

/// Hours, minutes and seconds in this order, each at most once: "30s", "5m", "1h", "1h30m".
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// The shortest text that `parse_duration` reads as `duration`.
std::string format_duration(std::chrono::seconds duration);

}  // namespace sessync::manifest
