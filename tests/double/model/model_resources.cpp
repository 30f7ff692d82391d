#include "tests/double/model/model_rules.h"
#include "tests/double/model/session_model.h"

namespace sessync {

using model::Answer;
using model::Resource;
using model::ResourceType;
using model::Session;

namespace {

auto find_row(std::vector<Resource>& rows, const std::string& id) {
  return std::find_if(rows.begin(), rows.end(),
                      [&](const Resource& row) { return !row.id.empty() && row.id == id; });
}

std::size_t count_files(const std::vector<Resource>& rows) {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const Resource& row) {
    return row.type == ResourceType::kFile;
  }));
}

model::Error resource_not_found(const std::string& id) {
  return model::not_found("Resource not found: " + id);
}

}  // namespace

Answer<Resource> SessionModel::add_resource(const std::string& session_id,
                                            const model::NewResource& request) {
  if (request.type != "file") {
    return tl::unexpected(model::invalid("Failed to parse request: type: \"" + request.type +
                                         "\" is not a valid value"));
  }
  const auto session = need_mutable(session_id);
  if (!session) {
    return tl::unexpected(session.error());
  }
  if (const auto error = check_not_running(**session)) {
    return tl::unexpected(*error);
  }
  if ((*session)->environment_id.starts_with("env_selfhosted")) {
    return tl::unexpected(
        model::invalid("`resources` are not supported with self-hosted environments."));
  }
  if (count_files((*session)->resources) >= switches_.file_cap) {
    return tl::unexpected(model::invalid("resources: at most " +
                                         std::to_string(switches_.file_cap) +
                                         " file resources are allowed per session"));
  }
  auto added = make_file(**session, request);
  if (added) {
    (*session)->resources.push_back(*added);
    (*session)->updated_at = now_;
  }
  return added;
}

Answer<model::Page<Resource>> SessionModel::list_resources(const std::string& session_id,
                                                           const model::PageQuery& query) const {
  const auto session = need_session(session_id);
  if (!session) {
    return tl::unexpected(session.error());
  }
  if (query.limit && (*query.limit < 1 || *query.limit > model::kMaxLimit)) {
    return tl::unexpected(model::invalid("limit: must be between 1 and 1000"));
  }
  std::vector<Resource> rows = (*session)->resources;
  rows.insert(rows.end(), (*session)->removed.begin(), (*session)->removed.end());
  const ports::TimePoint seen = now_ - switches_.resource_list_lag;
  std::erase_if(rows, [&](const Resource& row) {
    // What the session was created with is never late.
    const bool late = row.created_at > seen && row.created_at != (*session)->created_at;
    return late || (row.removed_at && *row.removed_at <= seen);
  });
  model::PageQuery ordered = query;
  ordered.ascending = true;
  model::sort_by_serial(rows, true);
  const std::size_t limit = query.limit.value_or(std::max<std::size_t>(rows.size(), 1));
  return model::page_of(std::move(rows), ordered, limit);
}

Answer<Resource> SessionModel::get_resource(const std::string& session_id,
                                            const std::string& id) const {
  const auto session = need_session(session_id);
  if (!session) {
    return tl::unexpected(session.error());
  }
  std::vector<Resource> rows = (*session)->resources;
  const auto found = find_row(rows, id);
  if (found == rows.end()) {
    return tl::unexpected(resource_not_found(id));
  }
  return *found;
}

Answer<Resource> SessionModel::rotate_token(const std::string& session_id, const std::string& id,
                                            const std::string& token) {
  const auto session = need_mutable(session_id);
  if (!session) {
    return tl::unexpected(session.error());
  }
  const auto found = find_row((*session)->resources, id);
  if (found == (*session)->resources.end()) {
    return tl::unexpected(resource_not_found(id));
  }
  if (found->type != ResourceType::kRepository) {
    return tl::unexpected(model::invalid("Only github_repository resources support token updates"));
  }
  if (token.empty() || token.size() > 4096) {
    return tl::unexpected(
        model::invalid("authorization_token: must be between 1 and 4096 characters"));
  }
  found->token = token;
  found->rotated.push_back(token);
  found->token_at = now_;
  if (switches_.updated_at_on_rotate) {
    found->updated_at = now_;
  }
  return *found;
}

Answer<std::string> SessionModel::delete_resource(const std::string& session_id,
                                                  const std::string& id) {
  const auto session = need_mutable(session_id);
  if (!session) {
    return tl::unexpected(session.error());
  }
  auto& rows = (*session)->resources;
  const auto found = find_row(rows, id);
  if (found == rows.end()) {
    return tl::unexpected(resource_not_found(id));
  }
  if (found->type == ResourceType::kRepository &&
      switches_.repo_delete == model::Switches::RepoDelete::kRefused400) {
    return tl::unexpected(
        model::invalid("github_repository resources are attached for the lifetime of the session"));
  }
  if (const auto error = check_not_running(**session)) {
    return tl::unexpected(*error);
  }
  Resource gone = *found;
  rows.erase(found);
  if (gone.type == ResourceType::kFile &&
      switches_.copy_on_delete == model::Switches::CopyOnDelete::kRemoved) {
    (void)delete_file(gone.file_id);
  }
  gone.removed_at = now_;
  forget_removed(**session);
  (*session)->removed.push_back(std::move(gone));
  (*session)->updated_at = now_;
  return id;
}

void SessionModel::forget_removed(Session& session) {
  const ports::TimePoint seen = now_ - switches_.resource_list_lag;
  std::erase_if(session.removed, [&](const Resource& row) { return *row.removed_at <= seen; });
}

}  // namespace sessync
