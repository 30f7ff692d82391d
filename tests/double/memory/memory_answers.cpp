#include "tests/double/memory/memory_answers.h"

#include <charconv>

#include <nlohmann/json.hpp>

namespace sessync::model {

namespace {

constexpr const char* kOrganization = "org_double";

ports::ApiError::Kind kind_of(int status) {
  switch (status) {
    case 401:
      return ports::ApiError::Kind::kAuthentication;
    case 402:
      return ports::ApiError::Kind::kBilling;
    case 403:
      return ports::ApiError::Kind::kPermission;
    case 404:
      return ports::ApiError::Kind::kNotFound;
    case 408:
      return ports::ApiError::Kind::kUnknownOutcome;
    case 409:
      return ports::ApiError::Kind::kConflict;
    case 413:
      return ports::ApiError::Kind::kTooLarge;
    case 429:
      return ports::ApiError::Kind::kRateLimited;
    default:
      return status >= 500 ? ports::ApiError::Kind::kUnknownOutcome
                           : ports::ApiError::Kind::kInvalid;
  }
}

std::optional<ports::Duration> whole_number(const Fault& fault, const char* header,
                                            ports::Duration unit) {
  const auto found = fault.headers.find(header);
  if (found == fault.headers.end()) {
    return std::nullopt;
  }
  const std::string& text = found->second;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_usable = error == std::errc() && end == text.data() + text.size() && number > 0 &&
                         number <= 0x7FFFFFFF / unit.count();
  return is_usable ? std::optional(unit * number) : std::nullopt;
}

/// A read without a usable answer had no effect; of a write nobody knows.
ports::ApiError::Kind lost_answer(bool is_write) {
  return is_write ? ports::ApiError::Kind::kUnknownOutcome : ports::ApiError::Kind::kUnusableAnswer;
}

ports::ApiError status_error(const Fault& fault, bool is_write) {
  ports::ApiError error;
  error.kind = kind_of(fault.status);
  if (error.kind == ports::ApiError::Kind::kUnknownOutcome) {
    error.kind = lost_answer(is_write);
  }
  error.http_status = fault.status;
  error.organization_id = kOrganization;
  error.code = !fault.error_code.empty()   ? fault.error_code
               : !fault.error_type.empty() ? fault.error_type
                                           : usual_error_type(fault.status);
  error.message = fault.message;
  error.retry_after = whole_number(fault, "retry-after-ms", ports::Duration{1});
  if (!error.retry_after) {
    error.retry_after = whole_number(fault, "retry-after", std::chrono::seconds(1));
  }
  return error;
}

NewResource to_resource(const sessync::ports::NewFile& file) {
  NewResource resource;
  resource.file_id = file.file_id;
  resource.mount_path = file.mount_path;
  return resource;
}

NewResource to_resource(const ports::NewRepository& repository) {
  NewResource resource;
  resource.type = "github_repository";
  resource.url = repository.url;
  resource.mount_path = repository.mount_path;
  if (repository.token) {
    resource.authorization_token = repository.token->reveal();
  }
  if (repository.checkout) {
    const auto* const branch = std::get_if<manifest::BranchCheckout>(&*repository.checkout);
    const auto* const commit = std::get_if<manifest::CommitCheckout>(&*repository.checkout);
    resource.checkout.emplace();
    resource.checkout->branch = branch != nullptr ? std::optional(branch->name) : std::nullopt;
    resource.checkout->commit = commit != nullptr ? std::optional(commit->sha) : std::nullopt;
  }
  return resource;
}

NewResource to_resource(const manifest::MemoryStoreResource& store) {
  NewResource resource;
  resource.type = "memory_store";
  resource.memory_store_id = store.memory_store_id;
  resource.access = store.access.empty() ? std::nullopt : std::optional(store.access);
  resource.instructions = store.instructions;
  return resource;
}

}  // namespace

ports::ApiError to_api_error(const Error& error) {
  ports::ApiError result;
  result.kind = kind_of(error.status);
  result.http_status = error.status;
  result.code = error.code.empty() ? error.type : error.code;
  result.message = error.message;
  result.organization_id = kOrganization;
  return result;
}

ports::ApiError to_api_error(const Fault& fault, bool is_write) {
  ports::ApiError lost;
  lost.kind = lost_answer(is_write);
  lost.message = "the connection ended before the answer was complete";
  switch (fault.kind) {
    case Fault::Kind::kStatus:
    case Fault::Kind::kStatusAfter:
      return status_error(fault, is_write);
    case Fault::Kind::kNotSent:
      lost.kind = ports::ApiError::Kind::kNotSent;
      lost.message = "no connection";
      return lost;
    case Fault::Kind::kNotJson:
    case Fault::Kind::kHugeBody:
    case Fault::Kind::kRepeatedCursor:
      lost.http_status = 200;
      lost.organization_id = kOrganization;
      lost.message = "the answer cannot be read";
      return lost;
    default:
      return lost;
  }
}

ports::FileMetadata to_metadata(const File& file, const Switches& switches) {
  ports::FileMetadata metadata{file.id,           file.filename,
                               file.content.size, to_text(file.created_at),
                               std::nullopt,      file.downloadable};
  if (switches.optional == Switches::Optional::kOmitted) {
    metadata.downloadable.reset();
  }
  if (file.expires_at) {
    metadata.expires_at = to_text(*file.expires_at);
  }
  return metadata;
}

ports::FileRow to_file_row(const Resource& row, const Switches& switches) {
  const bool as_sent = switches.mount_echo == Switches::MountEcho::kAsSent;
  return {row.id, row.file_id, as_sent ? row.mount_sent : row.mount_path, to_text(row.created_at)};
}

ports::ResourceRow to_row(const Resource& row, const Switches& switches) {
  if (row.type == ResourceType::kRepository) {
    const Checkout checkout = row.checkout.value_or(Checkout{});
    const bool is_said = row.checkout || switches.optional == Switches::Optional::kSaid;
    return ports::RepositoryRow{row.id,          row.url,         row.mount_path,
                                checkout.branch, checkout.commit, is_said};
  }
  if (row.type == ResourceType::kMemoryStore) {
    return ports::MemoryStoreRow{row.memory_store_id, row.access, row.mount_path, row.instructions};
  }
  if (row.is_default_mount && switches.default_mount == Switches::DefaultMount::kOmitted) {
    return ports::OpaqueRow{row.id, "file", ""};
  }
  return to_file_row(row, switches);
}

ports::SessionInfo to_info(const Session& session) {
  ports::SessionInfo info;
  info.session_id = session.id;
  info.status = session.status;
  if (session.archived_at) {
    info.archived_at = to_text(*session.archived_at);
  }
  info.title = session.title;
  info.metadata = session.metadata;
  info.organization_id = kOrganization;
  info.created_at = to_text(session.created_at);
  return info;
}

ports::CreatedSession to_created(const Session& session, const Switches& switches) {
  ports::CreatedSession created{to_info(session), {}};
  created.rows.reserve(session.resources.size());
  for (const Resource& row : session.resources) {
    created.rows.push_back(to_row(row, switches));
  }
  return created;
}

ports::SessionFault to_fault(const Event& event) {
  const auto fields = nlohmann::json::parse(event.json);
  const auto error = fields.value("error", nlohmann::json::object());
  const auto text = [&](const char* name) {
    const auto found = error.find(name);
    return found != error.end() && found->is_string() ? found->get<std::string>() : "";
  };
  return {event.id, to_text(event.processed_at), text("type"), text("repository_url")};
}

NewSession to_request(const sessync::ports::NewSession& wanted) {
  NewSession request;
  request.agent_id = wanted.spec.agent_id;
  request.agent_version = wanted.spec.agent_version.value_or(request.agent_version);
  request.environment_id = wanted.spec.environment_id;
  request.title = wanted.spec.title;
  request.metadata = wanted.metadata;
  request.vault_ids = wanted.spec.vault_ids;
  for (const auto& file : wanted.files) {
    request.resources.push_back(to_resource(file));
  }
  for (const auto& repository : wanted.repositories) {
    request.resources.push_back(to_resource(repository));
  }
  for (const auto& store : wanted.memory_stores) {
    request.resources.push_back(to_resource(store));
  }
  return request;
}

}  // namespace sessync::model
