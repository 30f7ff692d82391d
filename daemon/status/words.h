#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "reconciler/ports/api_error.h"

/// How times and numbers are worded for people: the same on the page, in the status document and by
/// `sessync status`. Nothing here depends on a locale or a time zone. Pure functions, any thread.
namespace sessync::status::words {

/// "just now", "12 s ago", "in 3 min": whole seconds, minutes, hours or days, rounded down, the
/// largest unit that fits. What is less than a second ahead is "now".
std::string relative(ports::TimePoint at, ports::TimePoint now);

/// "85 ms", "1.2 s", "3 min": below ten seconds to the tenth, cut, not rounded. `length` is not
/// negative.
std::string span(ports::Duration length);

/// 12345 → "12,345"
std::string number(std::uint64_t value);

/// "3 entries", "1 entry"
std::string counted(std::uint64_t count, const std::string& one, const std::string& many);

/// With the verb that goes on: "2 of 3 sessions are", "All 3 sessions are", "The session is".
std::string of_sessions(std::size_t count, std::size_t all);

}  // namespace sessync::status::words
