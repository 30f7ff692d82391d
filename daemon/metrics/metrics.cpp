#include "daemon/metrics/metrics.h"

#include <mutex>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "daemon/api/send/request_engine.h"
#include "daemon/metrics/metric_families.h"
#include "daemon/metrics/process_figures.h"
#include "daemon/metrics/session_metrics.h"
#include "daemon/metrics/status_metrics.h"
#include "daemon/os/foreign_text.h"

namespace sessync::metrics {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

const Histogram::BucketBoundaries kChangeSeconds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};
const Histogram::BucketBoundaries kRequestSeconds{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                  2.5,  5,     10,   30,  60,   600};

/// A counter whose total somebody else keeps.
void catch_up(Counter& counter, double total) {
  if (total > counter.Value()) counter.Increment(total - counter.Value());
}
void catch_up(Family<Counter>& family, std::uint64_t total) {
  catch_up(family.Add({}), static_cast<double>(total));
}
void set(Family<Gauge>& family, double value) { family.Add({}).Set(value); }

}  // namespace

/// What the kernel counts for this process, under the names that every Prometheus client has.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(Registry& r)
      : cpu_(counter_family(r, "process_cpu_seconds_total", "CPU time spent, user and system.")),
        started_(gauge_family(r, "process_start_time_seconds", "When the process started.")),
        resident_(gauge_family(r, "process_resident_memory_bytes", "Resident memory.")),
        virtual_(gauge_family(r, "process_virtual_memory_bytes", "Virtual memory.")),
        open_fds_(gauge_family(r, "process_open_fds", "Open file descriptors.")),
        max_fds_(gauge_family(r, "process_max_fds", "Most open file descriptors allowed.")),
        threads_(gauge_family(r, "process_threads", "Threads.")) {}

  void refresh() {
    const auto figures = read_process_figures();
    catch_up(cpu_.Add({}), figures.cpu_seconds);
    set(started_, figures.started_at);
    set(resident_, static_cast<double>(figures.resident_bytes));
    set(virtual_, static_cast<double>(figures.virtual_bytes));
    set(open_fds_, static_cast<double>(figures.open_fds));
    set(max_fds_, static_cast<double>(figures.max_fds));
    set(threads_, static_cast<double>(figures.threads));
  }

 private:
  Family<Counter>& cpu_;
  Family<Gauge>& started_;
  Family<Gauge>& resident_;
  Family<Gauge>& virtual_;
  Family<Gauge>& open_fds_;
  Family<Gauge>& max_fds_;
  Family<Gauge>& threads_;
};

/// What the parts of the daemon count themselves.
class PartMetrics {
 public:
  explicit PartMetrics(Registry& r)
      : depth_(gauge_family(r, "sessync_workqueue_depth", "Sessions that wait for a worker.")),
        adds_(counter_family(r, "sessync_workqueue_adds_total", "Sessions put into the queue.")),
        retries_(counter_family(r, "sessync_workqueue_retries_total",
                                "Sessions put into the queue because a pass failed.")),
        directories_(gauge_family(r, "sessync_watch_directories", "Directories watched.")),
        events_(counter_family(r, "sessync_watch_events_total", "Events of watched files.")),
        overflows_(counter_family(r, "sessync_watch_overflows_total",
                                  "Times that the kernel dropped events.")),
        rescans_(counter_family(r, "sessync_watch_rescans_total",
                                "Times that everything was looked at again.")),
        lost_lines_(counter_family(r, "sessync_log_lines_lost_total",
                                   "Lines of the log that nobody read in time.")),
        unleased_(counter_family(r, "sessync_unleased_reads_total",
                                 "Files read while nothing but time stamps vouched for them.")) {}

  void refresh(const MetricSources& sources) {
    show(sources.queue());
    show(sources.watched());
    catch_up(lost_lines_, sources.lost_log_lines());
    catch_up(unleased_, sources.unleased_reads());
  }

 private:
  void show(const schedule::QueueFigures& queue) {
    set(depth_, static_cast<double>(queue.depth));
    catch_up(adds_, queue.adds);
    catch_up(retries_, queue.retries);
  }
  void show(const watch::WatchStatistics& watch) {
    set(directories_, static_cast<double>(watch.directories_watched));
    catch_up(events_, watch.events);
    catch_up(overflows_, watch.overflows);
    catch_up(rescans_, watch.rescans);
  }

  Family<Gauge>& depth_;
  Family<Counter>& adds_;
  Family<Counter>& retries_;
  Family<Gauge>& directories_;
  Family<Counter>& events_;
  Family<Counter>& overflows_;
  Family<Counter>& rescans_;
  Family<Counter>& lost_lines_;
  Family<Counter>& unleased_;
};

class RequestMetrics {
 public:
  explicit RequestMetrics(Registry& r)
      : requests_(counter_family(r, "sessync_api_requests_total",
                                 "Calls of the API by status code; 0: no answer.")),
        durations_(histogram_family(r, "sessync_api_request_duration_seconds",
                                    "How long calls of the API took.")),
        throttled_(counter_family(r, "sessync_api_throttled_seconds_total",
                                  "Time in which the rate limit held up calls.")),
        frozen_(gauge_family(r, "sessync_api_frozen_until_timestamp_seconds",
                             "When the last refusal by the rate limit ends; 0: there was none.")),
        uploaded_(counter_family(r, "sessync_uploaded_bytes_total", "Bytes of uploads sent.")) {
    for (const auto which :
         {schedule::RateClass::kWrites, schedule::RateClass::kReads, schedule::RateClass::kFiles}) {
      throttled_.Add({{"class", schedule::to_string(which)}});
      frozen_.Add({{"class", schedule::to_string(which)}});
    }
    uploaded_.Add({});
  }

  void freeze(schedule::RateClass which, ports::TimePoint until) {
    frozen_.Add({{"class", schedule::to_string(which)}}).Set(in_seconds(until));
  }

  void count(const api::RequestReport& report) {
    const std::string operation(report.operation);
    requests_.Add({{"operation", operation}, {"code", std::to_string(report.http_status)}})
        .Increment();
    durations_.Add({{"operation", operation}}, kRequestSeconds)
        .Observe(in_seconds(report.duration));
    throttled_.Add({{"class", schedule::to_string(report.rate_class)}})
        .Increment(in_seconds(report.throttled));
    if (report.rate_class == schedule::RateClass::kFiles) {
      uploaded_.Add({}).Increment(static_cast<double>(report.sent_bytes));
    }
  }

 private:
  Family<Counter>& requests_;
  Family<Histogram>& durations_;
  Family<Counter>& throttled_;
  Family<Gauge>& frozen_;
  Family<Counter>& uploaded_;
};

/// What others asked the daemon for.
class WriteMetrics {
 public:
  explicit WriteMetrics(Registry& r)
      : writes_(counter_family(r, "sessync_writes_total",
                               "Requests to reconcile, suspend or resume, or to change what does "
                               "not exist (unknown), allowed or refused.")) {
    for (const char* const what : {"reconcile", "suspend", "resume", "unknown"}) {
      for (const bool allowed : {true, false}) series(what, allowed);
    }
  }

  void count(const status::WriteTrace& write) { series(write.what, write.allowed).Increment(); }

 private:
  Counter& series(const std::string& what, bool allowed) {
    return writes_.Add({{"what", what}, {"result", allowed ? "allowed" : "refused"}});
  }

  Family<Counter>& writes_;
};

struct Metrics::Parts {
  Parts(const status::StatusBoard& from, const std::string& version)
      : board(from),
        change(histogram_family(registry, "sessync_change_to_converged_seconds",
                                "From a change of a file to the answer that it is mounted.")
                   .Add({}, kChangeSeconds)) {
    gauge_family(registry, "sessync_build_info", "1; the version is a label.")
        .Add({{"version", version}})
        .Set(1);
  }

  const status::StatusBoard& board;
  std::mutex mutex;  ///< which series there are; the board's own may be taken with it held
  Registry registry;
  SessionMetrics sessions;
  RequestMetrics requests{registry};
  PartMetrics parts{registry};
  WriteMetrics writes{registry};
  ProcessMetrics process{registry};
  Histogram& change;
  const MetricSources* sources = nullptr;
};

Metrics::Metrics(const status::StatusBoard& board, const std::string& version)
    : parts_(std::make_unique<Parts>(board, version)) {}
Metrics::~Metrics() = default;

void Metrics::set_sources(const MetricSources* sources) {
  const std::lock_guard lock(parts_->mutex);
  parts_->sources = sources;
}

void Metrics::finished(const api::RequestReport& report) { parts_->requests.count(report); }

void Metrics::wrote(const status::WriteTrace& write) { parts_->writes.count(write); }

void Metrics::frozen(schedule::RateClass which, ports::TimePoint until) {
  parts_->requests.freeze(which, until);
}

void Metrics::pass_finished(const status::StatusBoard::FinishedPass& pass, ports::Duration took,
                            std::optional<ports::Duration> waited) {
  if (waited) parts_->change.Observe(in_seconds(*waited));
  // A session that left meanwhile must not come back: forget_left() comes before this or after it.
  const std::lock_guard lock(parts_->mutex);
  if (parts_->board.find(pass.name) == nullptr) return;
  parts_->sessions.pass_finished(pass, took);
}

void Metrics::forget_left() {
  const std::lock_guard lock(parts_->mutex);
  const auto left = parts_->board.snapshot().left;
  for (const auto& name : left) parts_->sessions.remove(name);
}

std::string Metrics::text() {
  forget_left();
  {
    const std::lock_guard lock(parts_->mutex);
    if (parts_->sources != nullptr) parts_->parts.refresh(*parts_->sources);
    parts_->process.refresh();
  }
  // Not under the lock: it takes long for many sessions, and the registries are synchronised.
  return os::without_long_secrets(
      prometheus::TextSerializer().Serialize(parts_->registry.Collect()) +
      status_metrics(parts_->board.snapshot()) + parts_->sessions.text());
}

}  // namespace sessync::metrics
