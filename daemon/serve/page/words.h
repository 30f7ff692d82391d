#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "reconciler/ports/api_error.h"

/// How the page words times and numbers; words.js says the same.
namespace sessync::page {

/// "just now", "12 s ago", "in 3 min": to whole units, the largest that fits.
std::string relative(TimePoint at, TimePoint now);

/// 2026-11-21T17:31:43Z
std::string timestamp(TimePoint at);

/// "85 ms", "1.2 s", "3 min"
std::string span(Duration length);

/// 12345 → "12,345"
std::string number(std::uint64_t value);

/// "3 entries", "1 entry"
std::string counted(std::uint64_t count, const std::string& one, const std::string& many);

/// "2 of 3 sessions are", "All 3 sessions are", "The session is"
std::string of_sessions(std::size_t count, std::size_t all);

}  // namespace sessync::page
