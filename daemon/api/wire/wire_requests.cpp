#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "daemon/api/wire/wire.h"

namespace sessync::api {
namespace {

using Json = nlohmann::json;

/// Wipes the tokens that a body was made with: a JSON value leaves its memory as it is.
void wipe_strings(Json& json) {
  if (json.is_string()) ports::wipe(json.get_ref<std::string&>());
  if (!json.is_structured()) return;
  for (Json& element : json) wipe_strings(element);
}

/// `what` names the text that may not be UTF-8.
Parsed<ports::Secret> to_body(Json json, const char* what) {
  Parsed<ports::Secret> body;
  try {
    body = ports::Secret(json.dump());
  } catch (const Json::exception&) {
    body = tl::unexpected(std::string(what) + " is not valid UTF-8");
  }
  wipe_strings(json);
  return body;
}

Json file_json(const std::string& file_id, const std::string& mount_path) {
  return {{"type", "file"}, {"file_id", file_id}, {"mount_path", mount_path}};
}

Json to_json(const manifest::Checkout& checkout) {
  if (const auto* const branch = std::get_if<manifest::BranchCheckout>(&checkout)) {
    return {{"type", "branch"}, {"name", branch->name}};
  }
  return {{"type", "commit"}, {"sha", std::get<manifest::CommitCheckout>(checkout).sha}};
}

Json to_json(const ports::NewRepository& repository) {
  Json json = {{"type", "github_repository"}, {"url", repository.url}};
  if (!repository.mount_path.empty()) json["mount_path"] = repository.mount_path;
  if (repository.checkout) json["checkout"] = to_json(*repository.checkout);
  if (repository.token) json["authorization_token"] = repository.token->reveal();
  return json;
}

Json to_json(const manifest::MemoryStoreResource& store) {
  Json json = {{"type", "memory_store"}, {"memory_store_id", store.memory_store_id}};
  if (!store.access.empty()) json["access"] = store.access;
  if (store.instructions) json["instructions"] = *store.instructions;
  return json;
}

/// An id alone means the latest version.
Json agent_json(const manifest::CreateSpec& spec) {
  if (!spec.agent_version) return spec.agent_id;
  return {{"type", "agent"}, {"id", spec.agent_id}, {"version", *spec.agent_version}};
}

Json resources_json(const ports::NewSession& request) {
  Json resources = Json::array();
  for (const ports::NewFile& file : request.files) {
    resources.push_back(file_json(file.file_id, file.mount_path));
  }
  for (const ports::NewRepository& repository : request.repositories) {
    resources.push_back(to_json(repository));
  }
  for (const manifest::MemoryStoreResource& store : request.memory_stores) {
    resources.push_back(to_json(store));
  }
  return resources;
}

}  // namespace

Parsed<ports::Secret> add_file_body(const ports::AddFile& request) {
  return to_body(file_json(request.file_id, request.mount_path), "the mount path");
}

Parsed<ports::Secret> rotate_token_body(const ports::TokenUpdate& update) {
  return to_body({{"authorization_token", update.token.reveal()}}, "the token");
}

Parsed<ports::Secret> create_session_body(const ports::NewSession& request) {
  const manifest::CreateSpec& spec = request.spec;
  Json body = {{"agent", agent_json(spec)}, {"environment_id", spec.environment_id}};
  if (spec.title) body["title"] = *spec.title;
  if (!request.metadata.empty()) body["metadata"] = request.metadata;
  if (!spec.vault_ids.empty()) body["vault_ids"] = spec.vault_ids;
  Json resources = resources_json(request);
  if (!resources.empty()) body["resources"] = std::move(resources);
  return to_body(std::move(body), "a name or token of the session");
}

Parsed<ports::Secret> update_session_body(const ports::SessionUpdate& update) {
  Json body = Json::object();
  if (update.title) body["title"] = *update.title;
  if (!update.metadata.empty()) body["metadata"] = update.metadata;
  return to_body(std::move(body), "a name of the session");
}

}  // namespace sessync::api
