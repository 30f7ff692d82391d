#pragma once

#include <chrono>
#include <string>
#include <vector>

/// The heartbeats of the threads that live as long as the process.
namespace sessync::os {

/// What stands still with a thread.
enum class Duty {
  kVital,   ///< everything
  kWorker,  ///< the session that it works on; with all of these, everything
  kHelper,  ///< something of what the daemon does beside
};

/// No thread waits for longer than this without a beat.
inline constexpr std::chrono::seconds kLongestTurn{10};

struct PulseReading {
  std::string name;
  Duty duty = Duty::kHelper;
  std::string busy_with;  ///< "" if nobody said
  std::chrono::milliseconds silent{0};
};

/// The heartbeat of the thread that makes it, for as long as it lives. One a thread at most.
class Pulse {
 public:
  using Clock = std::chrono::steady_clock;

  Pulse(const std::string& name, Duty duty);
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;
  ~Pulse();
};

/// The calling thread is not stuck. To be called in long work, after each piece of it that takes no
/// longer than a second or so, and after each turn of a wait. Nothing for a thread without a pulse.
void beat();

/// What the calling thread does from now on, for whoever reads that it is stuck; "": nothing.
void busy_with(const std::string& what);

/// Of all threads, as of `now`.
std::vector<PulseReading> pulses(Pulse::Clock::time_point now);

}  // namespace sessync::os
