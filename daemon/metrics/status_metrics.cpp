#include "daemon/metrics/status_metrics.h"

#include <array>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "daemon/metrics/metric_families.h"

namespace sessync::metrics {
namespace {

using prometheus::MetricFamily;
using SampleLabels = std::vector<prometheus::ClientMetric::Label>;

MetricFamily gauges(const char* name, const char* help) {
  return {name, help, prometheus::MetricType::Gauge, {}};
}

void add(MetricFamily& family, SampleLabels labels, double value) {
  auto& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  metric.gauge.value = value;
}

void add_counts(MetricFamily& family, const status::SessionStatus& session) {
  const auto& counts = session.counts;
  const std::array<std::pair<const char*, std::uint64_t>, 5> states{
      {{"desired", counts.desired},
       {"in_sync", counts.in_sync},
       {"pending", counts.pending},
       {"blocked", counts.blocked},
       {"unmanaged", counts.unmanaged}}};
  for (const auto& [state, count] : states) {
    add(family, {{"session", session.name}, {"state", state}}, static_cast<double>(count));
  }
}

std::vector<MetricFamily> of_sessions(const status::StatusSnapshot& status) {
  auto conditions =
      gauges("sessync_condition", "1 if the condition of the session is true, else 0.");
  auto resources = gauges("sessync_resources", "Resources of a session by state.");
  auto converged = gauges("sessync_last_converged_timestamp_seconds",
                          "When the session was last seen to hold what is declared.");
  for (const auto& session : status.sessions) {
    for (const auto& [what, since] : session->conditions) {
      add(conditions, {{"reason", what.reason}, {"session", session->name}, {"type", what.type}},
          what.status ? 1 : 0);
    }
    add_counts(resources, *session);
    if (session->last_converged_at) {
      add(converged, {{"session", session->name}}, in_seconds(*session->last_converged_at));
    }
  }
  return {std::move(conditions), std::move(resources), std::move(converged)};
}

std::vector<MetricFamily> of_manifest(const status::ManifestStatus& manifest) {
  auto successful = gauges("sessync_manifest_last_reload_successful",
                           "1 if the manifest was good when it was last read, else 0.");
  auto at = gauges("sessync_manifest_last_reload_success_timestamp_seconds",
                   "When a good manifest was last read.");
  add(successful, {}, manifest.valid ? 1 : 0);
  if (manifest.last_success_at) {
    add(at, {}, in_seconds(*manifest.last_success_at));
  }
  return {std::move(successful), std::move(at)};
}

}  // namespace

std::string status_metrics(const status::StatusSnapshot& status) {
  const prometheus::TextSerializer serializer;
  return serializer.Serialize(of_manifest(status.manifest)) +
         serializer.Serialize(of_sessions(status));
}

}  // namespace sessync::metrics
