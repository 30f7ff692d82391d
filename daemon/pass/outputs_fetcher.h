#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "daemon/os/executor.h"
#include "reconciler/outputs/pull_outputs.h"

namespace sessync::runner {

/// Fetches outputs beside passes: a download of any length keeps no file waiting. Of one session
/// there is one fetch at a time; the sessions take turns. Any thread.
class OutputsFetcher {
 public:
  /// Fetches what there is, and begins nothing more once `is_over` says so; must not throw.
  using Fetch = std::function<outputs::OutputsReport(const std::function<bool()>& is_over)>;
  using Told = std::function<void(const std::string& session)>;

  OutputsFetcher();
  OutputsFetcher(const OutputsFetcher&) = delete;
  OutputsFetcher& operator=(const OutputsFetcher&) = delete;
  ~OutputsFetcher() = default;

  /// Who is told that a session's outputs came to something that is not shown yet, on a thread of
  /// its own. Whom an earlier call named is not being told any more when this returns.
  void tell(Told told);

  /// Fetches soon; if that is under way, once more after it.
  void ask(const std::string& session, Fetch fetch);

  /// What the last fetch of the session came to; what arrived is given out once.
  outputs::OutputsReport take(const std::string& session);

  /// Nothing more is begun.
  void stop();
  /// Waits until no fetch runs; false: it took longer.
  bool wait(std::chrono::milliseconds longest);

 private:
  struct Session {
    Fetch fetch;          ///< that waits; empty: none does
    bool queued = false;  ///< or running
    bool is_news = false;
    /// Asked for by the pass that showed the news: what it comes to is news only if something
    /// arrived, or an API that says something else each time would be asked without end.
    bool is_quiet = false;
    outputs::OutputsReport last;
  };
  void submit(const std::string& session);
  void run(const std::string& session);
  void keep(const std::string& session, outputs::OutputsReport report, bool is_quiet);

  std::mutex mutex_;
  std::condition_variable idle_;
  std::map<std::string, Session> sessions_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  bool stopped_ = false;
  std::mutex told_mutex_;
  Told told_;
  os::Executor executor_;  ///< last: it uses the rest
};

}  // namespace sessync::runner
