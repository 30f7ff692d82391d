#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "daemon/os/thread.h"

namespace sessync::app {

/// Calls `action` on a thread of its own after `delay`, unless it is destroyed before.
class Deadline {
 public:
  Deadline(std::chrono::milliseconds delay, std::function<void()> action) {
    thread_ =
        os::start_thread("deadline", os::Duty::kHelper, [this, delay, act = std::move(action)] {
          const auto stop = stop_.get_token();
          std::unique_lock lock(mutex_);
          ended_.wait_for(lock, stop, delay, [] { return false; });
          if (!stop.stop_requested()) act();
        });
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() {
    stop_.request_stop();
    thread_.join();
  }

 private:
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::thread thread_;
};

}  // namespace sessync::app
