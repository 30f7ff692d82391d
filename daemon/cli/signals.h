#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace sessync {

/// Takes SIGTERM, SIGINT and SIGHUP for the whole process; make it before the first thread starts.
/// The handlers run on a thread of their own. A second SIGTERM or SIGINT ends the process at once.
class Signals {
 public:
  struct Handlers {
    std::function<void()> stop;
    std::function<void()> reload;
  };

  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() { finish(); }

  void handle(Handlers handlers);

  /// No handler runs any more when this returns; signals that arrive later are pending.
  void finish();

  /// A stop was asked for.
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  void wait(const Handlers& handlers);

  std::thread thread_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> done_{false};
};

}  // namespace sessync
