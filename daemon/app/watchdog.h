#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/app/service_manager.h"
#include "daemon/os/health.h"
#include "daemon/status/board.h"

namespace sessync::app {

/// Listens to the heartbeats of all threads: tells the service manager that the process is alive
/// for as long as it is, and the board and the log which threads stand still.
class Watchdog {
 public:
  /// Both must outlive this.
  Watchdog(ServiceManager& manager, status::StatusBoard& board);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void run();
  void look();
  void tell(const os::Health& health);

  ServiceManager& manager_;
  status::StatusBoard& board_;
  std::vector<std::string> stuck_;
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace sessync::app
