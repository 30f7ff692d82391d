#pragma once

#include <condition_variable>
#include <mutex>

#include "daemon/api/send/api_thread.h"

namespace sessync::test {

/// Holds another thread back until the test lets it go on.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for_arrival(int count = 1) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

/// Waits until the API thread has done everything it was told before.
inline void settle(api::ApiThread& thread) {
  Gate done;
  thread.run([&](api::RequestEngine&) { done.open(); });
  done.pass();
}

}  // namespace sessync::test
