#pragma once

#include <optional>
#include <string_view>

#include "reconciler/result.h"

namespace sessync {

/// "2026-09-10T12:00:00Z", with fractions and offsets as RFC 3339 has them; nothing if it does not
/// parse. What is finer than a millisecond is cut off.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

}  // namespace sessync
