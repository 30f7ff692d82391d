#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "daemon/api/wire/wire.h"

namespace sessync {
namespace {

using Json = nlohmann::json;

/// Wipes the tokens that a body was made with: a JSON value leaves its memory as it is.
void wipe_strings(Json& json) {
  if (json.is_string()) wipe(json.get_ref<std::string&>());
  if (!json.is_structured()) return;
  for (Json& element : json) wipe_strings(element);
}

/// `what` names the text that may not be UTF-8.
Parsed<Secret> to_body(Json json, const char* what) {
  Parsed<Secret> body;
  try {
    body = Secret(json.dump());
  } catch (const Json::exception&) {
    body = tl::unexpected(std::string(what) + " is not valid UTF-8");
  }
  wipe_strings(json);
  return body;
}

Json file_json(const std::string& file_id, const std::string& mount_path) {
  return {{"type", "file"}, {"file_id", file_id}, {"mount_path", mount_path}};
}

Json to_json(const Checkout& checkout) {
  if (const auto* const branch = std::get_if<BranchCheckout>(&checkout)) {
    return {{"type", "branch"}, {"name", branch->name}};
  }
  return {{"type", "commit"}, {"sha", std::get<CommitCheckout>(checkout).sha}};
}

Json to_json(const NewRepository& repository) {
  Json json = {{"type", "github_repository"}, {"url", repository.url}};
  if (!repository.mount_path.empty()) json["mount_path"] = repository.mount_path;
  if (repository.checkout) json["checkout"] = to_json(*repository.checkout);
  if (repository.token) json["authorization_token"] = repository.token->reveal();
  return json;
}

Json to_json(const MemoryStoreResource& store) {
  Json json = {{"type", "memory_store"}, {"memory_store_id", store.memory_store_id}};
  if (!store.access.empty()) json["access"] = store.access;
  if (store.instructions) json["instructions"] = *store.instructions;
  return json;
}

/// An id alone means the latest version.
Json agent_json(const CreateSpec& spec) {
  if (!spec.agent_version) return spec.agent_id;
  return {{"type", "agent"}, {"id", spec.agent_id}, {"version", *spec.agent_version}};
}

Json resources_json(const NewSession& request) {
  Json resources = Json::array();
  for (const NewFile& file : request.files) {
    resources.push_back(file_json(file.file_id, file.mount_path));
  }
  for (const NewRepository& repository : request.repositories) {
    resources.push_back(to_json(repository));
  }
  for (const MemoryStoreResource& store : request.memory_stores) {
    resources.push_back(to_json(store));
  }
  return resources;
}

}  // namespace

Parsed<Secret> add_file_body(const AddFile& request) {
  return to_body(file_json(request.file_id, request.mount_path), "the mount path");
}

Parsed<Secret> rotate_token_body(const TokenUpdate& update) {
  return to_body({{"authorization_token", update.token.reveal()}}, "the token");
}

Parsed<Secret> create_session_body(const NewSession& request) {
  const CreateSpec& spec = request.spec;
  Json body = {{"agent", agent_json(spec)}, {"environment_id", spec.environment_id}};
  if (spec.title) body["title"] = *spec.title;
  if (!request.metadata.empty()) body["metadata"] = request.metadata;
  if (!spec.vault_ids.empty()) body["vault_ids"] = spec.vault_ids;
  Json resources = resources_json(request);
  if (!resources.empty()) body["resources"] = std::move(resources);
  return to_body(std::move(body), "a name or token of the session");
}

Parsed<Secret> update_session_body(const SessionUpdate& update) {
  Json body = Json::object();
  if (update.title) body["title"] = *update.title;
  if (!update.metadata.empty()) body["metadata"] = update.metadata;
  return to_body(std::move(body), "a name of the session");
}

}  // namespace sessync
