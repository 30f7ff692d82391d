#include "tests/double/model/session_model.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "tests/double/model/model_rules.h"

namespace sessync {

using model::Answer;
using model::Error;
using model::Resource;
using model::Session;

namespace {

/// splitmix64: spreads consecutive numbers so that ids neither sort nor look consecutive.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

void append_base58(std::string& text, std::uint64_t value) {
  constexpr std::string_view kAlphabet =
      "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  for (int digit = 0; digit < 11; ++digit) {
    text += kAlphabet[value % kAlphabet.size()];
    value /= kAlphabet.size();
  }
}

/// `session_...` is an alias of `sesn_...` on input.
std::string plain_session_id(const std::string& id) {
  constexpr std::string_view kAlias = "session_";
  return id.starts_with(kAlias) ? "sesn_" + id.substr(kAlias.size()) : id;
}

std::vector<Resource> rows_of(const Session& session, model::ResourceType type) {
  std::vector<Resource> rows = session.resources;
  std::erase_if(rows, [type](const Resource& row) { return row.type != type; });
  return rows;
}

}  // namespace

std::string SessionModel::next_id(const char* prefix) {
  std::string id = std::string(prefix) + "_01";
  const std::uint64_t number = mix(seed_) + 2 * issued_++;
  append_base58(id, mix(number));
  append_base58(id, mix(number + 1));
  return id;
}

const model::File* SessionModel::find_file(const std::string& id) const {
  const auto found = files_.find(id);
  const bool there = found != files_.end() && !found->second.removed_at;
  return there ? &found->second : nullptr;
}

const Session* SessionModel::find_session(const std::string& id) const {
  const auto found = sessions_.find(plain_session_id(id));
  return found == sessions_.end() ? nullptr : &found->second;
}

Session* SessionModel::find_session(const std::string& id) {
  const auto found = sessions_.find(plain_session_id(id));
  return found == sessions_.end() ? nullptr : &found->second;
}

Answer<const Session*> SessionModel::need_session(const std::string& id) const {
  if (const Session* found = find_session(id)) {
    return found;
  }
  return tl::unexpected(model::not_found("Session `" + id + "` not found."));
}

Answer<Session*> SessionModel::need_mutable(const std::string& id) {
  Session* found = find_session(id);
  if (found == nullptr) {
    return tl::unexpected(model::not_found("Session `" + id + "` not found."));
  }
  if (found->archived_at) {
    auto error = model::invalid("Session `" + id + "` is archived and can no longer be changed.");
    error.status = switches_.archived == model::Switches::Archived::kRefused409 ? 409 : 400;
    return tl::unexpected(std::move(error));
  }
  return found;
}

std::optional<Error> SessionModel::check_not_running(const Session& session) const {
  using WhileRunning = model::Switches::WhileRunning;
  if (switches_.mutate_while_running == WhileRunning::kOk || session.status == "idle") {
    return std::nullopt;
  }
  auto error = model::invalid("Session resources cannot be changed while the session is " +
                              session.status + ".");
  error.status = switches_.mutate_while_running == WhileRunning::kRefused409 ? 409 : 400;
  return error;
}

const Session& SessionModel::session(const std::string& id) const {
  return sessions_.at(plain_session_id(id));
}

std::map<std::string, model::Held> SessionModel::held(const std::string& session_id) const {
  std::map<std::string, model::Held> paths;
  for (const Resource& row : file_rows(session_id)) {
    paths[row.mount_path] = model::Held{row.id, row.filename, row.content};
  }
  return paths;
}

std::vector<Resource> SessionModel::file_rows(const std::string& session_id) const {
  return rows_of(session(session_id), model::ResourceType::kFile);
}

std::vector<Resource> SessionModel::repositories(const std::string& session_id) const {
  return rows_of(session(session_id), model::ResourceType::kRepository);
}

std::vector<Session> SessionModel::sessions() const {
  std::vector<Session> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    all.push_back(session);
  }
  model::sort_by_serial(all, true);
  return all;
}

void SessionModel::set_status(const std::string& session_id, const std::string& status) {
  sessions_.at(plain_session_id(session_id)).status = status;
}

model::Event SessionModel::add_event(const std::string& session_id, const std::string& type,
                                     std::string json) {
  Session& session = sessions_.at(plain_session_id(session_id));
  session.events.push_back({next_id("sevt"), type, now_, std::move(json), ++serial_});
  return session.events.back();
}

model::Event SessionModel::add_fault(const std::string& session_id, const std::string& error_type,
                                     const std::string& repository_url) {
  nlohmann::json error = {{"type", error_type},
                          {"message", "The repository could not be read."},
                          {"retry_status", {{"type", "retrying"}}}};
  if (error_type.starts_with("repository_")) {
    error["repository_url"] =
        repository_url.empty() ? nlohmann::json(nullptr) : nlohmann::json(repository_url);
  }
  return add_event(session_id, "session.error", nlohmann::json{{"error", error}}.dump());
}

void SessionModel::name_memory_store(const std::string& id, const std::string& name,
                                     const std::string& description) {
  memory_stores_[id] = {name, description};
}

}  // namespace sessync
