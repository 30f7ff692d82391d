#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace sessync {

/// A few threads for work that waits on others. Every job is run: after stop() with a stop
/// requested, so that it ends at once.
class JobPool {
 public:
  using Job = std::function<void(const std::stop_token&)>;

  /// The threads are called `name`-0 and so on.
  JobPool(const std::string& name, std::size_t threads);
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;
  ~JobPool();

  /// Any thread. After stop() the job runs inside this call.
  void submit(Job job);

  /// Requests a stop of the jobs that run and of all later ones. Any thread.
  void stop();

 private:
  void start(const std::string& name);
  void work();
  /// False: the pool is stopped and nothing is left.
  bool take(Job& job);

  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sessync
