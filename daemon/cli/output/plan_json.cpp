#include "daemon/cli/output/plan_json.h"

#include <nlohmann/json.hpp>

#include "manifest/text/text.h"
#include "reconciler/plan/describe.h"

namespace sessync::cli {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json or_null(const std::string* text) { return text == nullptr ? Json(nullptr) : Json(*text); }

Json action_json(const plan::Action& action) {
  const auto size = plan::size_of(action);
  Json json;
  json["action"] = plan::verb_of(action);
  json["type"] = plan::type_of(action);
  json["mount_path"] = plan::path_of(action).text();
  json["reason"] = plan::reason_of(action);
  json["size"] = size ? Json(*size) : Json(nullptr);
  json["sha256"] = or_null(plan::sha256_of(action));
  json["resource_id"] = or_null(plan::resource_id_of(action));
  return json;
}

Json actions_json(const pass::PassOutcome& outcome, bool applied) {
  Json list = Json::array();
  for (std::size_t i = 0; i < outcome.plan.actions.size(); ++i) {
    auto json = action_json(outcome.plan.actions[i]);
    if (applied) {
      const auto result = i < outcome.results.size() ? outcome.results[i] : apply::ActionResult{};
      json["result"] = apply::to_string(result.outcome);
      json["error"] = or_null(result.error);
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json blocked_json(const plan::Plan& plan) {
  Json list = Json::array();
  for (const auto& blocked : plan.blocked) {
    list.push_back({{"type", desired::to_string(blocked.type)},
                    {"mount_path", blocked.path.text()},
                    {"code", desired::to_string(blocked.code)},
                    {"reason", blocked.reason}});
  }
  return list;
}

Json unmanaged_json(const plan::Plan& plan) {
  Json list = Json::array();
  for (const auto& row : plan.unmanaged) {
    list.push_back({{"type", row.type},
                    {"mount_path", row.path.text()},
                    {"resource_id", or_null(row.resource_id)}});
  }
  return list;
}

Json error_json(const pass::PassOutcome& outcome) {
  if (outcome.error) {
    return {{"code", errors::to_string(outcome.error->code)}, {"message", outcome.error->message}};
  }
  if (!outcome.plan.pending.empty()) {
    const auto& first = outcome.plan.pending.front();
    const auto path = first.path.text();
    return {{"code", "pending"},
            {"message", path.empty() ? first.reason
                                     : std::to_string(outcome.plan.pending.size()) +
                                           " paths cannot be decided yet, the first is " + path +
                                           ": " + first.reason}};
  }
  // The session has no place of its own in the document.
  if (const auto& failed = outcome.session_result.error; !failed.empty()) {
    const bool creates = plan::is_create(outcome.plan.session);
    return {{"code", creates ? "session_not_created" : "session_not_updated"}, {"message", failed}};
  }
  return nullptr;
}

Json session_json(const SessionReport& report, bool applied) {
  const auto& outcome = report.outcome;
  Json json;
  json["name"] = report.name;
  json["session_id"] = or_null(outcome.session_id);
  json["session_action"] = plan::to_string(outcome.plan.session);
  json["error"] = error_json(outcome);
  json["actions"] = actions_json(outcome, applied);
  json["blocked"] = blocked_json(outcome.plan);
  json["unmanaged"] = unmanaged_json(outcome.plan);
  json["held"] = nullptr;
  if (const auto& held = outcome.plan.held) {
    json["held"] = {{"id", held->id}, {"deletes", held->resource_ids.size()}};
  }
  json["unchanged"] = outcome.plan.unchanged.size();
  if (applied) {
    json["converged"] = outcome.converged();
  }
  return json;
}

Json summary_json(const plan::PlanSummary& summary) {
  return {{"create_sessions", summary.create_sessions},
          {"update_sessions", summary.update_sessions},
          {"add", summary.add},
          {"replace", summary.replace},
          {"rotate", summary.rotate},
          {"adopt", summary.adopt},
          {"delete", summary.remove},
          {"blocked", summary.blocked},
          {"unmanaged", summary.unmanaged},
          {"unchanged", summary.unchanged}};
}

/// File names may be any bytes; JSON is UTF-8. Here it is ASCII: terminals obey characters beyond
/// it.
std::string dump(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string plan_document(const std::vector<SessionReport>& reports, bool applied,
                          const std::optional<CommandError>& error) {
  Json document;
  document["format"] = 1;
  document["error"] = nullptr;
  if (error) {
    document["error"] = {{"code", error->code}, {"message", error->message}};
  }
  document["sessions"] = Json::array();
  plan::PlanSummary summary;
  for (const auto& report : reports) {
    document["sessions"].push_back(session_json(report, applied));
    summary.count(report.outcome.plan);
  }
  document["summary"] = summary_json(summary);
  return dump(document);
}

std::string problems_document(const std::vector<manifest::Problem>& problems) {
  Json list = Json::array();
  for (const auto& problem : problems) {
    list.push_back({{"file", manifest::shown_file(problem.at.file)},
                    {"line", problem.at.line},
                    {"column", problem.at.column},
                    {"severity",
                     problem.severity == manifest::Problem::Severity::kError ? "error" : "warning"},
                    {"code", problem.code},
                    {"message", problem.message}});
  }
  return dump(list);
}

}  // namespace sessync::cli
