#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/api/send/request_engine.h"
#include "daemon/status/board.h"
#include "daemon/status/write_trace.h"
#include "daemon/watch/watcher.h"

namespace sessync {

/// Totals since the start, but for `depth`.
struct QueueFigures {
  std::uint64_t depth = 0;  ///< sessions that wait for a worker
  std::uint64_t adds = 0;
  std::uint64_t retries = 0;
};

/// Asked while the metrics are rendered; any thread. An empty one is not shown.
struct MetricSources {
  // Each must return at once: a scrape waits for it.
  std::function<QueueFigures()> queue;
  std::function<WatchStatistics()> watch;
  std::function<std::uint64_t()> lost_log_lines;
  std::function<std::uint64_t()> unleased_reads;  ///< taken, although nothing kept writers away
};

/// Everything that is counted, in Prometheus' text format. Labels are names of sessions and
/// repositories, codes and operations: never paths, ids or messages, so that their number is
/// bounded by the manifest. Counters begin with the process. Any thread.
class Metrics {
 public:
  /// Conditions, counts and the manifest are read from `board`, which must outlive this.
  Metrics(const StatusBoard& board, const std::string& version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// What is shown beside what is counted here; must stay callable until the end.
  void set_sources(MetricSources sources);

  /// One request to the API came to its end, answered or not.
  void request(const RequestReport& report);
  /// No call of the class is sent until then.
  void frozen(RateClass which, TimePoint until);
  /// Somebody asked the status server for a change.
  void wrote(const WriteTrace& write);
  /// `waited`: see StatusBoard::pass_finished.
  void pass_finished(const StatusBoard::FinishedPass& pass, Duration took,
                     std::optional<Duration> waited);

  /// What is counted of sessions that left the manifest goes with them: by the board's `left`.
  void forget_left();

  /// All of it, as of now; conditions, counts and times are the board's (status_metrics.h).
  [[nodiscard]] std::string text();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sessync
