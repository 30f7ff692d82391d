#include "tests/double/model/model_rules.h"
#include "tests/double/model/session_model.h"

namespace sessync {

using model::Answer;
using model::Error;
using model::Page;
using model::Session;

namespace {

constexpr std::size_t kMaxPairs = 16;
constexpr std::size_t kMaxKey = 64;
constexpr std::size_t kMaxValue = 512;

std::optional<Error> check_metadata(const std::map<std::string, std::string>& metadata) {
  if (metadata.size() > kMaxPairs) {
    return model::invalid("metadata: at most 16 pairs are allowed");
  }
  for (const auto& [key, value] : metadata) {
    const bool fits = model::characters(key) <= kMaxKey && model::characters(value) <= kMaxValue;
    if (key.empty() || !fits) {
      return model::invalid("metadata: keys have 1 to 64 and values at most 512 characters");
    }
  }
  return std::nullopt;
}

std::optional<Error> check_limit(const model::PageQuery& page) {
  const std::size_t limit = page.limit.value_or(model::kDefaultLimit);
  if (limit < 1 || limit > model::kMaxLimit) {
    return model::invalid("limit: must be between 1 and 1000");
  }
  return std::nullopt;
}

template <class T>
bool contains_or_empty(const std::vector<T>& values, const T& value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

template <class Query>
bool is_in_time(ports::TimePoint time, const Query& query) {
  return (!query.created_from || time >= *query.created_from) &&
         (!query.created_to || time < *query.created_to);
}

bool has_store(const Session& session, const std::string& store) {
  return std::any_of(session.resources.begin(), session.resources.end(),
                     [&](const model::Resource& row) { return row.memory_store_id == store; });
}

bool is_listed(const Session& session, const model::SessionQuery& query) {
  return query.deployment_id.empty() && (query.include_archived || !session.archived_at) &&
         (query.agent_id.empty() || session.agent_id == query.agent_id) &&
         (!query.agent_version || session.agent_version == *query.agent_version) &&
         (query.memory_store_id.empty() || has_store(session, query.memory_store_id)) &&
         contains_or_empty(query.statuses, session.status) && is_in_time(session.created_at, query);
}

std::optional<Error> refuse_running(const Session& session, const char* verb) {
  if (session.status != "running") {
    return std::nullopt;
  }
  return model::invalid("Session `" + session.id + "` cannot be " + verb + " while running.");
}

}  // namespace

std::optional<Error> SessionModel::check_new_session(const model::NewSession& request) const {
  if (auto error = check_metadata(request.metadata)) {
    return error;
  }
  const auto is_file = [](const model::NewResource& row) { return row.type == "file"; };
  const auto is_store = [](const model::NewResource& row) { return row.type == "memory_store"; };
  const auto& rows = request.resources;
  if (request.environment_id.starts_with("env_selfhosted") &&
      !std::all_of(rows.begin(), rows.end(), is_store)) {
    return model::invalid("`resources` are not supported with self-hosted environments.");
  }
  const auto files = std::count_if(rows.begin(), rows.end(), is_file);
  if (static_cast<std::size_t>(files) > switches_.file_cap) {
    return model::invalid("resources: at most " + std::to_string(switches_.file_cap) +
                          " file resources are allowed per session");
  }
  if (std::count_if(rows.begin(), rows.end(), is_store) > 8) {
    return model::invalid("resources: at most 8 memory stores are allowed per session");
  }
  return std::nullopt;
}

Answer<Session> SessionModel::create_session(const model::NewSession& request) {
  if (const auto error = check_new_session(request)) {
    return tl::unexpected(*error);
  }
  Session session;
  session.id = next_id("sesn");
  session.title = request.title;
  session.metadata = request.metadata;
  session.agent_id = request.agent_id;
  session.agent_version = request.agent_version;
  session.agent_json = request.agent_json;
  session.budget_json = request.budget_json;
  session.environment_id = request.environment_id;
  session.vault_ids = request.vault_ids;
  session.created_at = session.updated_at = now_;
  auto resources = make_resources(session, request);
  if (!resources) {
    return tl::unexpected(resources.error());
  }
  session.resources = std::move(*resources);
  session.serial = ++serial_;
  sessions_[session.id] = session;
  return get_session(session.id);
}

Answer<Session> SessionModel::get_session(const std::string& id) const {
  const auto found = need_session(id);
  if (!found) {
    return tl::unexpected(found.error());
  }
  Session session = **found;
  session.resources = list_resources(id, {})->data;
  return session;
}

Answer<Page<Session>> SessionModel::list_sessions(const model::SessionQuery& query) const {
  if (const auto error = check_limit(query.page)) {
    return tl::unexpected(*error);
  }
  std::vector<Session> rows;
  for (const auto& [id, session] : sessions_) {
    if (is_listed(session, query)) {
      rows.push_back(session);
    }
  }
  model::sort_by_serial(rows, query.page.ascending);
  return model::page_of(std::move(rows), query.page,
                        query.page.limit.value_or(model::kDefaultLimit));
}

Answer<Session> SessionModel::update_session(const std::string& id,
                                             const model::SessionUpdate& update) {
  const auto found = need_mutable(id);
  if (!found) {
    return tl::unexpected(found.error());
  }
  Session changed = **found;
  if (!update.agent_json.empty()) {
    if (const auto error = refuse_running(changed, "updated")) {
      return tl::unexpected(*error);
    }
    changed.agent_json = update.agent_json;
  }
  if (update.has_title) {
    changed.title = update.title;
  }
  const bool replaces = switches_.metadata_update == model::Switches::MetadataUpdate::kReplaced;
  if (replaces && !update.metadata.empty()) {
    changed.metadata.clear();
  }
  for (const auto& [key, value] : update.metadata) {
    changed.metadata.erase(key);
    if (value) {
      changed.metadata[key] = *value;
    }
  }
  if (const auto error = check_metadata(changed.metadata)) {
    return tl::unexpected(*error);
  }
  if (update.has_budget) {
    changed.budget_json = update.budget_json;
  }
  changed.updated_at = now_;
  **found = changed;
  add_event(changed.id, "session.updated", "{}");
  return get_session(changed.id);
}

Answer<Session> SessionModel::archive_session(const std::string& id) {
  Session* session = find_session(id);
  if (session == nullptr) {
    return tl::unexpected(need_session(id).error());
  }
  if (const auto error = refuse_running(*session, "archived")) {
    return tl::unexpected(*error);
  }
  if (!session->archived_at) {
    session->archived_at = session->updated_at = now_;
    session->status = "terminated";
    add_event(session->id, "session.status_terminated", "{}");
  }
  return get_session(session->id);
}

Answer<std::string> SessionModel::delete_session(const std::string& id) {
  const auto found = need_session(id);
  if (!found) {
    return tl::unexpected(found.error());
  }
  if (const auto error = refuse_running(**found, "deleted")) {
    return tl::unexpected(*error);
  }
  std::string gone = (*found)->id;
  std::erase_if(files_, [&](const auto& entry) { return entry.second.session_id == gone; });
  sessions_.erase(gone);
  return gone;
}

Answer<Page<model::Event>> SessionModel::list_events(const std::string& session_id,
                                                     const model::EventQuery& query) const {
  const auto session = need_session(session_id);
  if (!session) {
    return tl::unexpected(session.error());
  }
  if (const auto error = check_limit(query.page)) {
    return tl::unexpected(*error);
  }
  std::vector<model::Event> rows = (*session)->events;
  std::erase_if(rows, [&](const model::Event& event) {
    return !contains_or_empty(query.types, event.type) || !is_in_time(event.processed_at, query);
  });
  model::sort_by_serial(rows, query.page.ascending);
  return model::page_of(std::move(rows), query.page, query.page.limit.value_or(model::kMaxLimit));
}

}  // namespace sessync
