#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/api/send/request_engine.h"

namespace sessync::api {

/// The one thread that talks to the API, for the whole process. Create it once; every pass worker
/// has its own HttpSessionApi on it.
class ApiThread {
 public:
  /// `source` and what the options and hooks refer to must outlive this.
  ApiThread(ApiOptions options, ports::ContentSource& source, ApiHooks hooks = {});
  ApiThread(const ApiThread&) = delete;
  ApiThread& operator=(const ApiThread&) = delete;
  /// Ends every call under way (RequestEngine::shut) and joins.
  ~ApiThread();

  /// Runs the task on the API thread, in the order of the calls. Any thread.
  void run(std::function<void(RequestEngine&)> task);

  /// For shutdown. Uploads and downloads that run or wait end with kAborted, and so does every
  /// later one; other calls go on. Any thread.
  void abort_uploads();

  /// See RequestEngine. Any thread.
  [[nodiscard]] SharedBudget& budget(schedule::RateClass which) { return engine_.budget(which); }
  [[nodiscard]] const SharedBudget& budget(schedule::RateClass which) const {
    return engine_.budget(which);
  }

  /// Of the API, for messages.
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  void loop();
  bool run_tasks();

  std::string host_;
  RequestEngine engine_;
  std::mutex mutex_;
  std::vector<std::function<void(RequestEngine&)>> tasks_;  ///< may refer to the engine's budgets
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sessync::api
