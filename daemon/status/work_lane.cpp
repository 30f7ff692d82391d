#include "daemon/status/work_lane.h"

#include <utility>

#include <pthread.h>
#include <sys/resource.h>

namespace sessync {

void lower_priority(const char* thread_name) {
  constexpr int kNicer = 10;
  ::pthread_setname_np(::pthread_self(), thread_name);
  // Of one thread only: on Linux 0 is the thread that calls.
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + kNicer);
}

WorkLane::~WorkLane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  ready_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

bool WorkLane::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kMostWaiting) {
    return false;
  }
  waiting_.push_back(std::move(work));
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
  ready_.notify_one();
  return true;
}

void WorkLane::run() {
  lower_priority("status-write");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      ready_.wait(lock);
      continue;
    }
    const auto work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace sessync
