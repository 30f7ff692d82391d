#include "daemon/os/health.h"

#include <algorithm>

namespace sessync::os {
namespace {

std::string problem_of(const PulseReading& reading) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(reading.silent).count();
  std::string text =
      "thread " + reading.name + " has stood still for " + std::to_string(seconds) + " s";
  if (!reading.busy_with.empty()) {
    text += ", " + reading.busy_with;
  }
  switch (reading.duty) {
    case Duty::kVital:
      return text + "; nothing goes on without it: restart the daemon";
    case Duty::kWorker:
      return text + "; other sessions go on with the other workers";
    case Duty::kHelper:
      return text;
  }
  return text;
}

}  // namespace

Health judge_pulses(std::span<const PulseReading> readings) {
  Health health;
  std::size_t workers = 0;
  std::size_t stuck_workers = 0;
  for (const auto& reading : readings) {
    const bool is_stuck = reading.silent >= kStandstill;
    const bool is_worker = reading.duty == Duty::kWorker;
    workers += is_worker ? 1 : 0;
    if (!is_stuck) {
      continue;
    }
    stuck_workers += is_worker ? 1 : 0;
    health.alive &= reading.duty != Duty::kVital;
    health.stuck.push_back(reading.name);
    health.problems.push_back(problem_of(reading));
  }
  if (workers > 0 && stuck_workers == workers) {
    health.alive = false;
    health.problems.emplace_back("no worker is left: restart the daemon");
  }
  std::ranges::sort(health.stuck);
  return health;
}

Health health_now() { return judge_pulses(pulses(Pulse::Clock::now())); }

}  // namespace sessync::os
