#include "daemon/os/executor.h"

#include <utility>

#include "daemon/os/pulse.h"

namespace sessync::os {

Executor::Executor(Options options)
    : options_(std::move(options)),
      threads_(options_.name, options_.threads, [this] { work(); }, [this] { stop(); }) {}

Executor::Submitted Executor::submit(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Submitted::kStopped;
  if (waiting_.size() >= options_.most_waiting) return Submitted::kFull;
  waiting_.push_back(std::move(task));
  changed_.notify_one();
  return Submitted::kTaken;
}

void Executor::stop() {
  // Destroyed without the lock: what they hold may have more to say when it goes.
  std::list<Task> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (options_.at_stop == AtStop::kDrop) dropped.swap(waiting_);
    changed_.notify_all();
  }
  stop_.request_stop();
}

bool Executor::take(Task& task) {
  std::unique_lock lock(mutex_);
  while (
      !changed_.wait_for(lock, kLongestTurn, [this] { return stopping_ || !waiting_.empty(); })) {
    beat();
  }
  if (waiting_.empty()) return false;
  task = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

void Executor::work() {
  if (options_.at_start) options_.at_start();
  Task task;
  while (take(task)) {
    guarded(options_.task, [&] { task(stop_.get_token()); });
    task = nullptr;
    beat();
  }
}

}  // namespace sessync::os
