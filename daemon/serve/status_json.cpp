#include "daemon/serve/status_json.h"

#include <ranges>

#include "daemon/serve/json_text.h"
#include "daemon/status/verdict.h"
#include "manifest/text/utf8.h"
#include "reconciler/desired/blocked.h"

namespace sessync::serve {
namespace {

/// Of a list; how many there are stands beside it.
constexpr std::size_t kMostListed = status::SessionStatus::kListed;
constexpr std::size_t kMostProblems = 100;

void write_conditions(JsonText& json, const status::SessionStatus& session) {
  json.key("conditions").array();
  for (const auto& condition : session.conditions) {
    json.object().key("type").text(condition.what.type);
    json.key("status").text(condition.what.status ? "True" : "False");
    json.key("reason").text(condition.what.reason);
    json.key("message").text(condition.what.message);
    json.key("last_transition_time").time(condition.since).end_object();
  }
  json.end_array();
}

void write_suspended(JsonText& json, const status::SessionStatus& session) {
  json.key("suspended");
  if (!session.suspended && !session.suspended_by_manifest) {
    json.null();
    return;
  }
  const auto by = session.suspended.value_or(state::Suspension{});
  json.object().key("by").text_or_null(by.by);
  json.key("at").time(session.suspended ? std::optional(by.at) : std::nullopt);
  json.key("manifest").boolean(session.suspended_by_manifest).end_object();
}

void write_counts(JsonText& json, const status::ResourceCounts& counts) {
  json.key("counts").object();
  json.key("desired").number(counts.desired).key("in_sync").number(counts.in_sync);
  json.key("pending").number(counts.pending).key("blocked").number(counts.blocked);
  json.key("unmanaged").number(counts.unmanaged);
  json.key("files").number(counts.files).key("max_files").number(counts.max_files);
  json.end_object();
}

void write_blocked(JsonText& json, const status::SessionStatus& session) {
  json.key("blocked").array();
  for (const auto& blocked : session.blocked | std::views::take(kMostListed)) {
    json.object()
        .key("type")
        .text(desired::to_string(blocked.type))
        .key("mount_path")
        .text(blocked.path.text());
    json.key("code")
        .text(desired::to_string(blocked.code))
        .key("reason")
        .text(blocked.reason)
        .end_object();
  }
  json.end_array();
}

void write_unmanaged(JsonText& json, const status::SessionStatus& session) {
  json.key("unmanaged").array();
  for (const auto& row : session.unmanaged | std::views::take(kMostListed)) {
    json.object().key("type").text(row.type).key("mount_path").text(row.path.text());
    json.key("resource_id").text_or_null(row.resource_id).end_object();
  }
  json.end_array();
}

void write_held(JsonText& json, const std::optional<plan::Held>& held) {
  json.key("held");
  if (!held) {
    json.null();
    return;
  }
  json.object().key("id").text(held->id).key("deletes").number(held->resource_ids.size());
  json.end_object();
}

void write_recent(JsonText& json, const status::SessionStatus& session) {
  json.key("recent").array();
  for (const auto& action : session.recent) {
    json.object().key("at").time(action.at).key("action").text(action.action);
    json.key("mount_path").text(action.mount_path).key("result").text(action.result);
    if (!action.error.empty()) {
      json.key("error").text(action.error);
    }
    json.end_object();
  }
  json.end_array();
}

void write_latencies(JsonText& json, const status::SessionStatus& session) {
  json.key("latencies_ms").array();
  for (const auto& latency : session.latencies) {
    json.number(static_cast<std::uint64_t>(std::max<ports::Duration::rep>(latency.count(), 0)));
  }
  json.end_array();
}

void write_manifest(JsonText& json, const status::StatusSnapshot& status) {
  const auto& manifest = status.manifest;
  json.key("manifest").object().key("path").text(manifest.path);
  json.key("generation").number(manifest.generation).key("valid").boolean(manifest.valid);
  json.key("errors").array();
  for (const auto& error : manifest.errors | std::views::take(kMostListed)) {
    json.text(error);
  }
  json.end_array().key("error_count").number(manifest.errors.size());
  json.key("in_force").boolean(manifest.in_force);
  json.key("last_success_at").time(manifest.last_success_at).end_object();
  json.key("workspace").object().key("path").text(status.workspace);
  json.key("resolved").text_or_null(status.workspace_resolved).end_object();
  json.key("notes").array();
  for (const auto& note : status.notes) {
    json.text(note);
  }
  json.end_array();
}

}  // namespace

std::string session_document(const status::SessionStatus& session) {
  JsonText json;
  json.object().key("name").text(session.name);
  json.key("session_id").text_or_null(session.session_id);
  json.key("state")
      .text(status::name_of(status::state_of(session)))
      .key("headline")
      .text(status::headline_of(session));
  write_conditions(json, session);
  json.key("generation").number(session.generation);
  json.key("observed_generation").number(session.observed_generation);
  json.key("working").boolean(session.working);
  json.key("last_pass_at").time(session.last_pass_at);
  json.key("last_converged_at").time(session.last_converged_at);
  json.key("next_pass_at").time(session.next_pass_at);
  write_suspended(json, session);
  write_counts(json, session.counts);
  write_blocked(json, session);
  write_unmanaged(json, session);
  write_held(json, session.held);
  write_recent(json, session);
  write_latencies(json, session);
  return json.end_object().take();
}

std::string manifest_document(const status::StatusSnapshot& status) {
  JsonText json;
  json.object();
  write_manifest(json, status);
  return json.end_object().take();
}

std::string status_document(const status::StatusSnapshot& status,
                            const std::vector<const std::string*>& sessions) {
  JsonText json;
  json.object().key("version").text(status.version);
  json.key("started_at").time(status.started_at);
  const auto worst = status::findings_of(status).front();
  json.key("state").text(status::name_of(worst.tone)).key("headline").text(worst.text);
  write_manifest(json, status);
  json.key("sessions").array();
  for (const auto* session : sessions) {
    json.raw(*session);
  }
  return json.end_array().end_object().take() + "\n";
}

std::string readiness_text(const status::Readiness& readiness) {
  std::string text = readiness.ready ? "ready\n" : "not ready\n";
  const auto& problems = readiness.problems;
  for (std::size_t i = 0; i < problems.size() && i < kMostProblems; ++i) {
    text.append(manifest::printable(problems[i])).append("\n");
  }
  if (problems.size() > kMostProblems) {
    text.append("and ").append(std::to_string(problems.size() - kMostProblems)).append(" more\n");
  }
  return text;
}

}  // namespace sessync::serve
