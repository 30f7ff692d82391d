#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>

#include "daemon/os/thread.h"

namespace sessync::os {

/// Runs tasks in the order in which they came, on one thread or a few that it starts when it is
/// made. What a task throws is logged and ends that task and nothing else: whoever waits for it
/// must be answered by the task all the same. To be the last member of its owner: tasks use the
/// rest.
class Executor {
 public:
  using Task = std::function<void(const std::stop_token&)>;

  /// What becomes of tasks that wait when it stops.
  enum class AtStop {
    kDrop,  ///< they are destroyed
    kRun,   ///< they are run with a stop requested, so that they end at once
  };
  enum class Submitted { kTaken, kFull, kStopped };

  struct Options {
    std::string name;              ///< of the thread; see ThreadGroup
    std::string task;              ///< what one task is, for the log: "fetching a token"
    std::size_t most_waiting = 0;  ///< not counting those that run
    AtStop at_stop = AtStop::kDrop;
    std::size_t threads = 1;
    std::function<void()> at_start{};  ///< on each thread, before its first task; may be empty
  };

  /// Throws as start_thread does.
  explicit Executor(Options options);
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  /// Stops, and waits for what runs.
  ~Executor() = default;

  /// Any thread. What is not taken is destroyed; so is what throws for want of memory.
  Submitted submit(Task task);

  /// Requests a stop of the tasks that run. Nothing is taken any more. Any thread.
  void stop();

 private:
  void work();
  /// False: it is stopped, and nothing is left to run.
  bool take(Task& task);

  const Options options_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Task> waiting_;
  bool stopping_ = false;
  ThreadGroup threads_;  ///< last: they use the rest
};

}  // namespace sessync::os
