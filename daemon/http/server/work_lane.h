#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sessync::http {

/// Does one thing after another on a thread of its own.
class WorkLane {
 public:
  static constexpr std::size_t kMostWaiting = 64;

  WorkLane();
  /// What is being done comes to its end, what waits is dropped.
  ~WorkLane();
  WorkLane(const WorkLane&) = delete;
  WorkLane& operator=(const WorkLane&) = delete;

  /// False: too much waits already.
  bool post(std::function<void()> work);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Gives way to everything else that this process does, for the calling thread.
void lower_priority();

}  // namespace sessync::http
