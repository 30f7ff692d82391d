#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace sessync {

/// A few threads for work that waits on others; they start when there is work for them. Every job
/// is run: after stop() with a stop requested, so that it ends at once.
class JobPool {
 public:
  using Job = std::function<void(const std::stop_token&)>;

  explicit JobPool(std::size_t most_threads) : most_threads_(most_threads) {}
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;
  ~JobPool();

  /// Any thread. After stop() the job runs inside this call.
  void submit(Job job);

  /// Requests a stop of the jobs that run and of all later ones. Any thread.
  void stop();

 private:
  void start_thread();
  void work();
  /// False: the pool is stopped and nothing is left.
  bool take(Job& job);

  const std::size_t most_threads_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sessync
