#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/os/pulse.h"

namespace sessync::os {

/// Silence for so long is a standstill.
inline constexpr std::chrono::seconds kStandstill{60};

/// What the heartbeats mean.
struct Health {
  bool alive = true;                  ///< false: only a restart helps
  std::vector<std::string> stuck;     ///< names of threads
  std::vector<std::string> problems;  ///< a line for each of them, for people
};

/// Not alive are a process in which a vital thread stands still, and one in which all workers do.
Health judge_pulses(std::span<const PulseReading> readings);

/// Of this process, now.
Health health_now();

}  // namespace sessync::os
