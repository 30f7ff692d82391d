#include "daemon/metrics/session_metrics.h"

#include <functional>
#include <map>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "daemon/metrics/metric_families.h"

namespace sessync::metrics {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;

const Histogram::BucketBoundaries kPassSeconds{0.01, 0.1, 1, 10, 60};

const char* result_of(const pass::PassOutcome& outcome) {
  if (outcome.error) return "failed";
  if (outcome.suspended) return "suspended";
  if (!outcome.settled()) return "failed";
  return outcome.plan.blocked.empty() ? "succeeded" : "blocked";
}

/// "owner/name" of https://github.com/owner/name.
std::string repository_name(const std::string& url) {
  const std::string host = "https://github.com/";
  return url.starts_with(host) ? url.substr(host.size()) : url;
}

}  // namespace

struct SessionMetrics::Families {
  /// The metric of a session with these labels; remembered, so that it can go with the session.
  template <class T, class... Arguments>
  T& of(const std::string& session, Family<T>& family, Labels labels,
        const Arguments&... arguments) {
    labels.emplace("session", session);
    auto& metric = family.Add(labels, arguments...);
    series[session].try_emplace(&metric, [&family, &metric] { family.Remove(&metric); });
    return metric;
  }

  prometheus::Registry registry;
  Family<Counter>& passes = counter_family(registry, "sessync_reconcile_total",
                                           "Passes over a session that came to their end.");
  Family<Histogram>& durations =
      histogram_family(registry, "sessync_reconcile_duration_seconds", "How long passes took.");
  Family<Counter>& actions = counter_family(registry, "sessync_actions_total",
                                            "Changes of a session that were carried out or tried.");
  Family<Gauge>& rotations =
      gauge_family(registry, "sessync_token_last_rotation_timestamp_seconds",
                   "When a repository's token was last sent by this process.");
  /// Session → its series, and how each is removed.
  std::map<std::string, std::map<void*, std::function<void()>>> series;
};

SessionMetrics::SessionMetrics() : families_(std::make_unique<Families>()) {}
SessionMetrics::~SessionMetrics() = default;

void SessionMetrics::pass_finished(const status::StatusBoard::FinishedPass& pass,
                                   ports::Duration took) {
  auto& f = *families_;
  const auto& outcome = *pass.outcome;
  f.of(pass.name, f.passes, {{"result", result_of(outcome)}}).Increment();
  f.of(pass.name, f.durations, {}, kPassSeconds).Observe(in_seconds(took));
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    const auto& action = outcome.plan.actions[i];
    const auto& result = outcome.results[i];
    f.of(pass.name, f.actions,
         {{"action", plan::verb_of(action)}, {"result", apply::to_string(result.outcome)}})
        .Increment();
    const auto* rotate = std::get_if<plan::Rotate>(&action);
    if (rotate != nullptr && result.outcome == apply::ActionResult::Outcome::kDone) {
      f.of(pass.name, f.rotations, {{"repository", repository_name(rotate->repository.url)}})
          .Set(in_seconds(result.ended_at));
    }
  }
}

void SessionMetrics::remove(const std::string& session) {
  const auto series = families_->series.extract(session);
  if (series.empty()) {
    return;
  }
  for (const auto& [metric, remove] : series.mapped()) {
    remove();
  }
}

std::string SessionMetrics::text() const {
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace sessync::metrics
