#include <set>

#include "tests/double/model/model_rules.h"
#include "tests/double/model/session_model.h"

namespace sessync {

using model::Answer;
using model::Error;
using model::Resource;
using model::ResourceType;
using model::Session;

namespace {

constexpr std::size_t kMaxInstructions = 4096;
constexpr std::size_t kMaxToken = 4096;

Error repository_error(const std::string& why) {
  return model::invalid("Invalid `github_repository` resource: " + why);
}

std::string field(std::size_t index, const char* name) {
  return "resources." + std::to_string(index) + "." + name;
}

std::optional<Error> check_memory_request(const model::NewResource& request, std::size_t index) {
  const std::string access = request.access.value_or("read_write");
  if (access != "read_write" && access != "read_only") {
    return model::invalid("Failed to parse request: resources[" + std::to_string(index) +
                          "].access: \"" + access +
                          "\" is not a valid value; expected one of read_only, read_write");
  }
  if (request.instructions && model::characters(*request.instructions) > kMaxInstructions) {
    return model::invalid(field(index, "memory_store.instructions") +
                          ": must be at most 4096 characters");
  }
  if (!request.memory_store_id.starts_with("memstore_") ||
      request.memory_store_id.starts_with("memstore_missing")) {
    return model::not_found("Memory store `" + request.memory_store_id + "` not found.");
  }
  if (request.memory_store_id.starts_with("memstore_archived")) {
    return model::invalid("Memory store `" + request.memory_store_id + "` is archived.");
  }
  return std::nullopt;
}

}  // namespace

const model::File* SessionModel::usable_file(const std::string& id) const {
  const model::File* file = find_file(id);
  const bool expired = file != nullptr && file->expires_at && *file->expires_at <= now_;
  return expired ? nullptr : file;
}

Answer<Resource> SessionModel::plan_file(const model::NewResource& request) const {
  if (!request.file_id.starts_with("file_") || request.file_id.size() > 128) {
    return tl::unexpected(
        model::invalid("Invalid file resource: invalid file_id: \"" + request.file_id + "\""));
  }
  const bool is_default = request.mount_path.value_or("").empty();
  const auto mount = is_default ? Answer<std::string>("/mnt/session/uploads/" + request.file_id)
                                : model::resolve_mount(*request.mount_path);
  if (!mount) {
    return tl::unexpected(mount.error());
  }
  const model::File* upload = usable_file(request.file_id);
  if (upload == nullptr) {
    return tl::unexpected(model::not_found("File `" + request.file_id + "` not found."));
  }
  Resource row;
  row.mount_path = *mount;
  row.mount_sent = is_default ? *mount : *request.mount_path;
  row.is_default_mount = is_default;
  row.upload_id = upload->id;
  row.filename = upload->filename;
  row.content = upload->content;
  row.created_at = row.updated_at = now_;
  return row;
}

Answer<Resource> SessionModel::make_file(const Session& session,
                                         const model::NewResource& request) {
  auto row = plan_file(request);
  if (!row) {
    return row;
  }
  if (session.agent_id.starts_with("agent_noread")) {
    return tl::unexpected(model::invalid(
        "Missing required tool: file resources require the read tool to be usable (enabled and not "
        "always_deny) on the session's `agent_toolset`"));
  }
  if (const auto error = check_overlap(session.resources, *row)) {
    return tl::unexpected(*error);
  }
  copy_into(session, *row);
  return row;
}

void SessionModel::copy_into(const Session& session, Resource& resource) {
  model::File copy = files_.at(resource.upload_id);
  copy.id = next_id("file");
  copy.session_id = session.id;
  copy.created_at = now_;
  copy.downloadable = false;
  copy.expires_at.reset();
  copy.serial = ++serial_;
  resource.file_id = copy.id;
  resource.id = next_id("sesrsc");
  resource.serial = ++serial_;
  files_[copy.id] = std::move(copy);
}

Answer<Resource> SessionModel::make_repository(const model::NewResource& request,
                                               std::size_t index) {
  const auto repository = model::repository_of(request.url);
  if (!repository) {
    return tl::unexpected(repository_error(
        "invalid github_repository url: must be https://github.com/{owner}/{repo} with no .git "
        "suffix"));
  }
  if (request.authorization_token && request.authorization_token->empty()) {
    return tl::unexpected(model::invalid(field(index, "github_repository.authorization_token") +
                                         ": value is required"));
  }
  if (request.authorization_token && request.authorization_token->size() > kMaxToken) {
    return tl::unexpected(model::invalid(field(index, "github_repository.authorization_token") +
                                         ": must be at most 4096 characters"));
  }
  Resource row;
  row.type = ResourceType::kRepository;
  row.id = next_id("sesrsc");
  row.serial = ++serial_;
  row.url = request.url;
  row.mount_path = request.mount_path.value_or("").empty()
                       ? "/workspace/" + repository->substr(repository->find('/') + 1)
                       : *request.mount_path;
  row.mount_sent = row.mount_path;
  row.token = request.authorization_token;
  row.token_at = now_;
  row.checkout = request.checkout;
  row.created_at = row.updated_at = now_;
  return row;
}

std::string SessionModel::memory_mount(const std::vector<Resource>& present,
                                       const std::string& name) const {
  const std::string base = "/mnt/memory/" + model::slug(name);
  std::set<std::string> taken;
  for (const Resource& row : present) {
    taken.insert(row.mount_path);
  }
  std::string path = base;
  for (int number = 2; taken.contains(path); ++number) {
    path = base + "-" + std::to_string(number);
  }
  return path;
}

Answer<Resource> SessionModel::make_memory_store(const Session& session,
                                                 const model::NewResource& request,
                                                 std::size_t index) {
  if (const auto error = check_memory_request(request, index)) {
    return tl::unexpected(*error);
  }
  for (const Resource& present : session.resources) {
    if (present.memory_store_id == request.memory_store_id) {
      return tl::unexpected(model::invalid("resources contains duplicate memory_store_id: " +
                                           request.memory_store_id));
    }
  }
  const auto known = memory_stores_.find(request.memory_store_id);
  Resource row;
  row.type = ResourceType::kMemoryStore;
  row.serial = ++serial_;
  row.memory_store_id = request.memory_store_id;
  row.access = request.access.value_or("read_write");
  row.name = known == memory_stores_.end() ? request.memory_store_id : known->second.name;
  row.description = known == memory_stores_.end() ? "" : known->second.description;
  row.instructions = request.instructions;
  row.mount_path = row.mount_sent = memory_mount(session.resources, row.name);
  row.created_at = row.updated_at = now_;
  return row;
}

std::optional<Error> SessionModel::check_overlap(const std::vector<Resource>& present,
                                                 const Resource& added) const {
  const bool shadows = switches_.duplicate_mount == model::Switches::DuplicateMount::kShadow;
  for (const Resource& row : present) {
    const bool overlaps = model::paths_overlap(row.mount_path, added.mount_path);
    if (overlaps && added.type == ResourceType::kRepository) {
      return repository_error("`mount_path` overlaps another resource: " + added.mount_path +
                              " and " + row.mount_path + "; set distinct `mount_path` values");
    }
    if (overlaps && !shadows) {
      return model::invalid("mount_path `" + added.mount_path +
                            "` must not overlap existing mount paths");
    }
  }
  return std::nullopt;
}

Answer<std::vector<Resource>> SessionModel::make_resources(const Session& session,
                                                           const model::NewSession& request) {
  // All or nothing: a refused request must leave no copy behind.
  const auto files_before = files_;
  std::string missing;
  for (const auto& wanted : request.resources) {
    const bool absent = wanted.type == "file" && wanted.file_id.starts_with("file_") &&
                        usable_file(wanted.file_id) == nullptr;
    missing += absent ? (missing.empty() ? "" : ", ") + wanted.file_id : "";
  }
  if (!missing.empty()) {
    return tl::unexpected(model::not_found(
        "One or more files not found. Check that each `file_id` exists and is accessible: " +
        missing));
  }
  Session draft = session;
  for (std::size_t index = 0; index < request.resources.size(); ++index) {
    const auto& wanted = request.resources[index];
    auto row = wanted.type == "file"                ? make_file(draft, wanted)
               : wanted.type == "github_repository" ? make_repository(wanted, index)
                                                    : make_memory_store(draft, wanted, index);
    if (row && row->type == ResourceType::kRepository) {
      if (const auto error = check_overlap(draft.resources, *row)) {
        row = tl::unexpected(*error);
      }
    }
    if (!row) {
      files_ = files_before;
      return tl::unexpected(row.error());
    }
    draft.resources.push_back(*row);
  }
  return draft.resources;
}

}  // namespace sessync
