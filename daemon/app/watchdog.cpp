#include "daemon/app/watchdog.h"

#include <algorithm>
#include <utility>

#include "daemon/os/log.h"
#include "daemon/os/thread.h"

namespace sessync::app {
namespace {

std::string in_one_line(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) {
    all += (all.empty() ? "" : "; ") + text;
  }
  return all;
}

}  // namespace

Watchdog::Watchdog(ServiceManager& manager, status::StatusBoard& board)
    : manager_(manager), board_(board) {
  thread_ = os::start_thread("watchdog", os::Duty::kHelper, [this] { run(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    over_changed_.notify_all();
  }
  thread_.join();
}

void Watchdog::run() {
  constexpr ServiceManager::Clock::duration kLook = os::kLongestTurn / 2;
  const auto every = std::min(kLook, manager_.alive_every().value_or(kLook));
  std::unique_lock lock(mutex_);
  while (!over_) {
    lock.unlock();
    look();
    lock.lock();
    over_changed_.wait_for(lock, every, [this] { return over_; });
  }
}

void Watchdog::look() {
  os::beat();
  const auto health = os::health_now();
  if (health.alive) {
    manager_.alive();
  }
  tell(health);
}

/// The log once for each change of which threads it is, the board with how long.
void Watchdog::tell(const os::Health& health) {
  board_.note("threads", in_one_line(health.problems));
  if (std::exchange(stuck_, health.stuck) == health.stuck) {
    return;
  }
  os::log(health.problems.empty() ? os::LogLevel::kInfo : os::LogLevel::kError,
          health.problems.empty() ? "every thread is at work again" : in_one_line(health.problems));
}

}  // namespace sessync::app
