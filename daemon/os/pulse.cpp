#include "daemon/os/pulse.h"

#include <atomic>
#include <list>
#include <memory>
#include <mutex>

namespace sessync::os {
namespace {

struct Heart {
  std::string name;
  Duty duty = Duty::kHelper;
  std::atomic<Pulse::Clock::rep> last{0};
  std::string busy_with;  ///< under the mutex
};

/// Never destroyed: threads may outlive main().
struct Hearts {
  std::mutex mutex;
  std::list<std::shared_ptr<Heart>> all;
};

Hearts& hearts() {
  static auto* const all = std::make_unique<Hearts>().release();
  return *all;
}

thread_local std::shared_ptr<Heart> t_heart;

Pulse::Clock::rep ticks(Pulse::Clock::time_point when) { return when.time_since_epoch().count(); }

}  // namespace

Pulse::Pulse(const std::string& name, Duty duty) {
  auto heart = std::make_shared<Heart>();
  heart->name = name;
  heart->duty = duty;
  heart->last = ticks(Clock::now());
  const std::lock_guard lock(hearts().mutex);
  hearts().all.push_back(heart);
  t_heart = std::move(heart);
}

Pulse::~Pulse() {
  const std::lock_guard lock(hearts().mutex);
  hearts().all.remove(t_heart);
  t_heart.reset();
}

void beat() {
  if (t_heart) {
    t_heart->last.store(ticks(Pulse::Clock::now()), std::memory_order_relaxed);
  }
}

void busy_with(const std::string& what) {
  if (t_heart) {
    const std::lock_guard lock(hearts().mutex);
    t_heart->busy_with = what;
  }
  beat();
}

std::vector<PulseReading> pulses(Pulse::Clock::time_point now) {
  std::vector<PulseReading> result;
  const std::lock_guard lock(hearts().mutex);
  for (const auto& heart : hearts().all) {
    const Pulse::Clock::time_point last{Pulse::Clock::duration(heart->last.load())};
    const auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(now - last);
    result.push_back({heart->name, heart->duty, heart->busy_with, silent});
  }
  return result;
}

}  // namespace sessync::os
