#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/double/http/http_parse.h"
#include "tests/double/model/model_rules.h"

namespace sessync::skin {

using nlohmann::json;

namespace {

void only_fields(const json& object, const std::vector<std::string>& names) {
  for (const auto& [name, value] : object.items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      refuse_request("Failed to parse request body: unknown field \"" + name + "\"");
    }
  }
}

bool has(const json& object, const char* name) {
  return object.contains(name) && !object[name].is_null();
}

std::optional<std::string> text(const json& object, const char* name) {
  if (!has(object, name)) {
    return std::nullopt;
  }
  if (!object[name].is_string()) {
    refuse_request("Failed to parse request body: " + std::string(name) + ": expected a string");
  }
  return object[name].get<std::string>();
}

std::string required(const json& object, const char* name) {
  const auto value = text(object, name);
  if (!value || value->empty()) {
    refuse_request(std::string(name) + ": value is required");
  }
  return *value;
}

const json& object_at(const json& object, const char* name) {
  if (!object[name].is_object()) {
    refuse_request("Failed to parse request body: " + std::string(name) + ": expected an object");
  }
  return object[name];
}

const json& array_at(const json& object, const char* name) {
  if (!object[name].is_array()) {
    refuse_request("Failed to parse request body: " + std::string(name) + ": expected an array");
  }
  return object[name];
}

model::Checkout parse_checkout(const json& object) {
  model::Checkout checkout;
  const std::string type = required(object, "type");
  if (type == "branch") {
    only_fields(object, {"type", "name"});
    checkout.branch = required(object, "name");
  } else if (type == "commit") {
    only_fields(object, {"type", "sha"});
    checkout.commit = required(object, "sha");
  } else {
    refuse_request("Failed to parse request: checkout.type: \"" + type + "\" is not a valid value");
  }
  return checkout;
}

void parse_file(const json& object, model::NewResource& resource) {
  only_fields(object, {"type", "file_id", "mount_path"});
  resource.file_id = required(object, "file_id");
  resource.mount_path = text(object, "mount_path");
}

void parse_repository(const json& object, model::NewResource& resource) {
  only_fields(object, {"type", "url", "authorization_token", "mount_path", "checkout"});
  resource.url = required(object, "url");
  resource.authorization_token = text(object, "authorization_token");
  resource.mount_path = text(object, "mount_path");
  if (has(object, "checkout")) {
    resource.checkout = parse_checkout(object_at(object, "checkout"));
  }
}

void parse_memory_store(const json& object, model::NewResource& resource) {
  only_fields(object, {"type", "memory_store_id", "access", "instructions"});
  resource.memory_store_id = required(object, "memory_store_id");
  resource.access = text(object, "access");
  resource.instructions = text(object, "instructions");
}

model::NewResource parse_resource(const json& object, std::size_t index) {
  if (!object.is_object()) {
    refuse_request("Failed to parse request body: resources: expected objects");
  }
  model::NewResource resource;
  resource.type = required(object, "type");
  if (resource.type == "file") {
    parse_file(object, resource);
  } else if (resource.type == "github_repository") {
    parse_repository(object, resource);
  } else if (resource.type == "memory_store") {
    parse_memory_store(object, resource);
  } else {
    refuse_request("Failed to parse request: resources[" + std::to_string(index) + "].type: \"" +
                   resource.type + "\" is not a valid value");
  }
  return resource;
}

void parse_agent(const json& agent, model::NewSession& session) {
  if (agent.is_string()) {
    session.agent_id = agent.get<std::string>();
    return;
  }
  if (!agent.is_object()) {
    refuse_request("agent: value is required");
  }
  session.agent_id = required(agent, "id");
  if (has(agent, "version")) {
    session.agent_version = agent["version"].get<std::int64_t>();
  }
  json overrides = agent;
  for (const char* own : {"type", "id", "version"}) {
    overrides.erase(own);
  }
  const std::string type = required(agent, "type");
  if (type != "agent_with_overrides" && (type != "agent" || !overrides.empty())) {
    refuse_request("Failed to parse request: agent.type: \"" + type + "\" is not a valid value");
  }
  session.agent_json = overrides.empty() ? "" : overrides.dump();
}

std::map<std::string, std::string> parse_metadata(const json& object) {
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) {
      refuse_request("Failed to parse request body: metadata: expected strings");
    }
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

void parse_lists(const json& body, model::NewSession& session) {
  if (has(body, "resources")) {
    for (const json& one : array_at(body, "resources")) {
      session.resources.push_back(parse_resource(one, session.resources.size()));
    }
  }
  if (has(body, "vault_ids")) {
    for (const json& one : array_at(body, "vault_ids")) {
      session.vault_ids.push_back(one.get<std::string>());
    }
  }
}

}  // namespace

json parse_object(const std::string& text) {
  json body = json::parse(text.empty() ? "{}" : text, nullptr, false);
  if (!body.is_object()) {
    refuse_request("Failed to parse request body: expected a JSON object");
  }
  return body;
}

model::NewSession parse_new_session(const std::string& body_text) {
  const json body = parse_object(body_text);
  only_fields(body, {"agent", "environment_id", "title", "metadata", "resources", "vault_ids",
                     "budget", "initial_events"});
  model::NewSession session;
  if (!has(body, "agent")) {
    refuse_request("agent: value is required");
  }
  parse_agent(body["agent"], session);
  session.environment_id = required(body, "environment_id");
  session.title = text(body, "title");
  if (has(body, "metadata")) {
    session.metadata = parse_metadata(object_at(body, "metadata"));
  }
  parse_lists(body, session);
  session.budget_json = has(body, "budget") ? body["budget"].dump() : "";
  return session;
}

model::SessionUpdate parse_session_update(const std::string& body_text) {
  const json body = parse_object(body_text);
  if (body.contains("vault_ids")) {
    refuse_request("vault_ids: cannot be changed after the session was created");
  }
  only_fields(body, {"title", "metadata", "agent", "budget"});
  model::SessionUpdate update;
  update.has_title = body.contains("title");
  update.title = text(body, "title");
  if (has(body, "metadata")) {
    for (const auto& [key, value] : object_at(body, "metadata").items()) {
      update.metadata[key] =
          value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
    }
  }
  if (has(body, "agent")) {
    only_fields(object_at(body, "agent"), {"tools", "mcp_servers"});
    update.agent_json = body["agent"].dump();
  }
  update.has_budget = body.contains("budget");
  update.budget_json = has(body, "budget") ? body["budget"].dump() : "";
  return update;
}

model::NewResource parse_added_resource(const std::string& body_text) {
  const json body = parse_object(body_text);
  model::NewResource resource;
  resource.type = required(body, "type");
  if (resource.type == "file") {
    parse_file(body, resource);
  }
  return resource;
}

std::string parse_token(const std::string& body_text) {
  const json body = parse_object(body_text);
  only_fields(body, {"authorization_token"});
  return required(body, "authorization_token");
}

}  // namespace sessync::skin
