#pragma once

#include "reconciler/ports/api_error.h"

/// What the simulated API never exceeds. Together they stay below the 30 s within which, so the
/// product assumes, everything that was sent has happened and is listed.
namespace sessync::simulation {

inline constexpr ports::Duration kMostLag{14'000};
inline constexpr ports::Duration kLatestEffect{14'000};

}  // namespace sessync::simulation
