#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "daemon/os/thread.h"

namespace sessync::serve {

/// Tries something again, a quarter of a second after the first time and then more and more rarely,
/// every ten seconds in the end, until it has worked. On a thread of its own.
class ListenRetry {
 public:
  /// `attempt` returns true once it has worked. Throws as start_thread does.
  explicit ListenRetry(std::function<bool()> attempt);
  ListenRetry(const ListenRetry&) = delete;
  ListenRetry& operator=(const ListenRetry&) = delete;
  /// Waits for an attempt that is under way.
  ~ListenRetry() = default;

 private:
  void run();
  void end();

  const std::function<bool()> attempt_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  os::ThreadGroup thread_;  ///< last: it uses the rest
};

}  // namespace sessync::serve
