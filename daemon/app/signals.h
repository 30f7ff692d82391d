#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace sessync::app {

/// Signals that arrive from now on wait for a Signals, or for release_signals(). The first thing
/// that a process does: SIGHUP would end a daemon that has not come to read its options.
void hold_signals();

/// For commands without a Signals: what has come meanwhile ends them.
void release_signals();

/// Takes SIGTERM, SIGINT and SIGHUP for the whole process; hold_signals() was called before.
/// The handlers run on a thread of their own. A second SIGTERM or SIGINT ends the process at once.
class Signals {
 public:
  struct Handlers {
    std::function<void()> stop;
    std::function<void()> reload;
    /// So long after `stop` this is called, whatever the rest of the process does; it must end it.
    std::chrono::milliseconds longest{0};
    std::function<void()> overdue{};
    /// A child has ended: told to the first process of a container, which inherits those of others.
    std::function<void()> child{};
  };

  Signals() = default;
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() { finish(); }

  void handle(Handlers handlers);

  /// From now on neither `stop` nor `reload` is called, and neither is being called when this
  /// returns. What they would do is done, or has nobody left to do it.
  void forget();

  /// No handler runs any more when this returns; signals that arrive later are pending.
  void finish();

  /// A stop was asked for.
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  void wait(const Handlers& handlers);
  void take(int signal, const Handlers& handlers);
  [[nodiscard]] std::chrono::milliseconds left() const;

  std::thread thread_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> done_{false};
  std::mutex calling_;
  bool forgotten_ = false;
  std::optional<std::chrono::steady_clock::time_point> deadline_;  ///< of the thread alone
};

}  // namespace sessync::app
