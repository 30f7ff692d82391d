#include "daemon/os/completion_queue.h"

#include <algorithm>
#include <utility>

#include "daemon/os/pulse.h"

namespace sessync::os {

ports::TimePoint now_anchored() {
  using std::chrono::steady_clock;
  using std::chrono::system_clock;
  static const auto wall = system_clock::now();
  static const auto steady = steady_clock::now();
  return std::chrono::time_point_cast<ports::Duration>(
      wall + std::chrono::duration_cast<system_clock::duration>(steady_clock::now() - steady));
}

void CompletionQueue::expect() {
  const std::lock_guard lock(mutex_);
  announced_.emplace_back();
}

void CompletionQueue::post(std::function<void()> completion) noexcept {
  // Notified under the lock: once it is released the pumping thread may run the completion, finish
  // its pass and destroy this queue.
  const std::lock_guard lock(mutex_);
  announced_.front() = std::move(completion);
  posted_.splice(posted_.end(), announced_, announced_.begin());
  ready_.notify_one();
}

void CompletionQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
}

bool CompletionQueue::stopping() const { return ending() || (withdrawn_ && withdrawn_()); }

bool CompletionQueue::ending() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void CompletionQueue::after(ports::Duration delay, std::function<void()> then) {
  const std::lock_guard lock(mutex_);
  timers_.emplace(Steady::now() + delay, std::move(then));
}

void CompletionQueue::put_off(std::function<void(bool alone)> work) {
  const std::lock_guard lock(mutex_);
  put_off_.push_back(std::move(work));
}

std::optional<ports::TimePoint> CompletionQueue::waiting_since() const {
  const std::lock_guard lock(mutex_);
  return waiting_since_;
}

bool CompletionQueue::take_next(std::function<void()>& next) {
  if (!posted_.empty()) {
    next = std::move(posted_.front());
    posted_.pop_front();
    return true;
  }
  if (!timers_.empty() && timers_.begin()->first <= Steady::now()) {
    next = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    return true;
  }
  return false;
}

/// False: there was none. Whoever asks sees a thread that waits: others are waited for, or a disk.
bool CompletionQueue::run_put_off(std::unique_lock<std::mutex>& lock, MayBeAlone may_be) {
  if (put_off_.empty()) {
    return false;
  }
  waiting_since_ = waiting_since_.value_or(now_anchored());
  const auto all = std::exchange(put_off_, {});
  const bool alone =
      may_be == MayBeAlone::kYes && timers_.empty() && announced_.size() <= all.size();
  lock.unlock();
  for (const auto& work : all) {
    work(alone);
    beat();
  }
  lock.lock();
  return true;
}

bool CompletionQueue::wait_for_next(std::unique_lock<std::mutex>& lock) {
  waiting_since_ = waiting_since_.value_or(now_anchored());
  if (timers_.empty() && announced_.empty()) {
    return false;
  }
  const auto turn = Steady::now() + kLongestTurn;
  ready_.wait_until(lock, timers_.empty() ? turn : std::min(turn, timers_.begin()->first));
  beat();
  return true;
}

void CompletionQueue::discard_all() {
  std::unique_lock lock(mutex_);
  timers_.clear();
  while (!announced_.empty() || !posted_.empty()) {
    std::function<void()> unwanted;
    if (take_next(unwanted)) {
      // What it holds may have more to say when it goes.
      lock.unlock();
      unwanted = nullptr;
      lock.lock();
    } else if (!run_put_off(lock, MayBeAlone::kNo)) {
      wait_for_next(lock);
    }
  }
}

bool CompletionQueue::run_one() {
  std::function<void()> next;
  std::unique_lock lock(mutex_);
  while (!take_next(next)) {
    if (!run_put_off(lock, MayBeAlone::kYes) && !wait_for_next(lock)) {
      return false;
    }
  }
  waiting_since_.reset();
  lock.unlock();
  next();
  return true;
}

}  // namespace sessync::os
