#include "tests/double/http/http_wire.h"

#include <map>
#include <utility>

#include <nlohmann/json.hpp>

namespace sessync::skin {

using model::to_text;
using nlohmann::json;

namespace {

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json time_or_null(const std::optional<ports::TimePoint>& value) {
  return value ? json(to_text(*value)) : json(nullptr);
}

/// The optional fields `names` are left out, if the switch says so, where they have these values.
json thinned(json value, const model::Switches& switches,
             const std::map<std::string, json>& names) {
  if (switches.optional == model::Switches::Optional::kOmitted) {
    for (const auto& [name, usual] : names) {
      if (value.contains(name) && value[name] == usual) {
        value.erase(name);
      }
    }
  }
  return value;
}

json checkout_json(const std::optional<model::Checkout>& checkout) {
  if (!checkout) {
    return nullptr;
  }
  if (checkout->branch) {
    return {{"type", "branch"}, {"name", *checkout->branch}};
  }
  return {{"type", "commit"}, {"sha", or_null(checkout->commit)}};
}

/// A memory store's row has neither id nor times.
json memory_json(const model::Resource& row, const model::Switches& switches) {
  json value = {{"type", "memory_store"},         {"memory_store_id", row.memory_store_id},
                {"access", row.access},           {"name", row.name},
                {"description", row.description}, {"mount_path", row.mount_path}};
  if (row.instructions) {
    value["instructions"] = *row.instructions;
  }
  return thinned(std::move(value), switches, {{"access", "read_write"}, {"description", ""}});
}

}  // namespace

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json to_json(const model::File& file, const model::Switches& switches) {
  json value = {{"id", file.id},
                {"type", "file"},
                {"filename", file.filename},
                {"mime_type", file.mime_type},
                {"size_bytes", file.content.size},
                {"created_at", to_text(file.created_at)},
                {"downloadable", file.downloadable},
                {"expires_at", time_or_null(file.expires_at)}};
  if (!file.session_id.empty()) {
    value["scope"] = {{"type", "session"}, {"id", file.session_id}};
  }
  // A download tells as well.
  return thinned(std::move(value), switches,
                 {{"downloadable", file.downloadable}, {"expires_at", nullptr}});
}

json to_json(const model::Resource& row, const model::Switches& switches) {
  if (row.type == model::ResourceType::kMemoryStore) {
    return memory_json(row, switches);
  }
  const bool as_sent = switches.mount_echo == model::Switches::MountEcho::kAsSent;
  json value = {{"id", row.id},
                {"mount_path", as_sent ? row.mount_sent : row.mount_path},
                {"created_at", to_text(row.created_at)},
                {"updated_at", to_text(row.updated_at)}};
  if (row.type == model::ResourceType::kFile) {
    value["type"] = "file";
    value["file_id"] = row.file_id;
    if (row.is_default_mount && switches.default_mount == model::Switches::DefaultMount::kOmitted) {
      value.erase("mount_path");
    }
  } else {
    value["type"] = "github_repository";
    value["url"] = row.url;
    value["checkout"] = checkout_json(row.checkout);
  }
  return thinned(std::move(value), switches, {{"checkout", nullptr}});
}

json to_json(const model::Session& session, const model::Switches& switches) {
  json resources = json::array();
  for (const auto& row : session.resources) {
    resources.push_back(to_json(row, switches));
  }
  const json value = {
      {"id", session.id},
      {"type", "session"},
      {"status", session.status},
      {"title", or_null(session.title)},
      {"metadata", session.metadata},
      {"agent", agent_json(session)},
      {"environment_id", session.environment_id},
      {"resources", resources},
      {"vault_ids", session.vault_ids},
      {"usage", {{"input_tokens", 0}, {"output_tokens", 0}}},
      {"stats", {{"active_seconds", 0}, {"duration_seconds", 0}}},
      {"budget", session.budget_json.empty() ? json(nullptr) : json::parse(session.budget_json)},
      {"outcome_evaluations", json::array()},
      {"deployment_id", nullptr},
      {"created_at", to_text(session.created_at)},
      {"updated_at", to_text(session.updated_at)},
      {"archived_at", time_or_null(session.archived_at)}};
  return thinned(value, switches, {{"deployment_id", nullptr}});
}

json to_json(const model::Event& event) {
  json value = json::parse(event.json);
  value["id"] = event.id;
  value["type"] = event.type;
  value["processed_at"] = to_text(event.processed_at);
  return value;
}

json error_json(const model::Error& error, const std::string& request_id) {
  json value = {{"type", error.type}, {"message", error.message}};
  if (!error.code.empty()) {
    value["details"] = {{"error_code", error.code}};
  }
  return {{"type", "error"}, {"error", value}, {"request_id", request_id}};
}

}  // namespace sessync::skin
