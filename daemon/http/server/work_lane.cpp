#include "daemon/http/server/work_lane.h"

#include <utility>

#include <sys/resource.h>

#include "daemon/os/thread.h"

namespace sessync::http {

void lower_priority() {
  constexpr int kNicer = 10;
  // Of one thread only: on Linux 0 is the thread that calls.
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + kNicer);
}

WorkLane::WorkLane() {
  thread_ = start_thread("status-write", Duty::kHelper, [this] { run(); });
}

WorkLane::~WorkLane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  ready_.notify_all();
  thread_.join();
}

bool WorkLane::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting) {
    return false;
  }
  waiting_.push_back(std::move(work));
  ready_.notify_one();
  return true;
}

void WorkLane::run() {
  lower_priority();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      ready_.wait_for(lock, kLongestTurn);
      beat();
      continue;
    }
    const auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    guarded("a request to the status server", work);
    beat();
    lock.lock();
  }
}

}  // namespace sessync::http
