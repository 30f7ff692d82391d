#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/api/send/api_observer.h"
#include "daemon/status/board.h"
#include "daemon/status/write_trace.h"
#include "daemon/watch/watch_report.h"
#include "reconciler/schedule/work_queue.h"

namespace sessync::metrics {

/// What others count. Asked while the metrics are rendered, on any thread, one at a time; each must
/// return at once, as a scrape waits for it. Totals since the start, unless they say otherwise.
class MetricSources {
 public:
  MetricSources() = default;
  MetricSources(const MetricSources&) = delete;
  MetricSources& operator=(const MetricSources&) = delete;
  virtual ~MetricSources() = default;

  [[nodiscard]] virtual schedule::QueueFigures queue() const = 0;  ///< of sessions
  [[nodiscard]] virtual watch::WatchStatistics watched() const = 0;
  [[nodiscard]] virtual std::uint64_t lost_log_lines() const = 0;
  /// Files taken although nothing kept writers away while they were read.
  [[nodiscard]] virtual std::uint64_t unleased_reads() const = 0;
};

/// Everything that is counted, in Prometheus' text format. Labels are names of sessions and
/// repositories, codes and operations: never paths, ids or messages, so that their number is
/// bounded by the manifest. Counters begin with the process. Any thread.
class Metrics final : public api::ApiObserver {
 public:
  /// Conditions, counts and the manifest are read from `board`, which must outlive this.
  Metrics(const status::StatusBoard& board, const std::string& version);
  ~Metrics() override;

  /// What is shown beside what is counted here; null: nothing. Until the next call it may be asked
  /// at any time; when that returns it is not any more.
  void set_sources(const MetricSources* sources);

  void finished(const api::RequestReport& report) override;
  void frozen(schedule::RateClass which, ports::TimePoint until) override;
  /// Somebody asked the status server for a change.
  void wrote(const status::WriteTrace& write);
  /// `waited`: see StatusBoard::pass_finished.
  void pass_finished(const status::StatusBoard::FinishedPass& pass, ports::Duration took,
                     std::optional<ports::Duration> waited);

  /// What is counted of sessions that left the manifest goes with them: by the board's `left`.
  void forget_left();

  /// All of it, as of now; conditions, counts and times are the board's (status_metrics.h).
  [[nodiscard]] std::string text();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sessync::metrics
