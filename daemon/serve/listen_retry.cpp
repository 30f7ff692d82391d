#include "daemon/serve/listen_retry.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sessync::serve {

ListenRetry::ListenRetry(std::function<bool()> attempt)
    : attempt_(std::move(attempt)),
      thread_("status-listen", 1, [this] { run(); }, [this] { end(); }) {}

void ListenRetry::run() {
  os::lower_priority();
  constexpr std::chrono::milliseconds kFirst{250};
  constexpr std::chrono::milliseconds kLongest{os::kLongestTurn};
  std::unique_lock lock(mutex_);
  for (auto pause = kFirst; !ended_.wait_for(lock, pause, [this] { return over_; });
       pause = std::min(2 * pause, kLongest)) {
    lock.unlock();
    const bool worked = attempt_();
    os::beat();
    lock.lock();
    if (worked) {
      return;
    }
  }
}

void ListenRetry::end() {
  const std::lock_guard lock(mutex_);
  over_ = true;
  ended_.notify_all();
}

}  // namespace sessync::serve
