#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace sessync {

/// Calls `action` on a thread of its own after `delay`, unless it is destroyed before.
class Deadline {
 public:
  Deadline(std::chrono::milliseconds delay, std::function<void()> action)
      : thread_([this, delay, action = std::move(action)](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          ended_.wait_for(lock, stop, delay, [] { return false; });
          if (!stop.stop_requested()) {
            action();
          }
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace sessync
