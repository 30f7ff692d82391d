#include <cctype>

#include "tests/double/model/model_rules.h"
#include "tests/double/model/session_model.h"

namespace sessync {

using model::Answer;
using model::File;
using model::Page;

namespace {

constexpr std::size_t kMaxIds = 100;
constexpr std::int64_t kMinExpiry = 3600;
constexpr std::int64_t kMaxExpiry = 7776000;
constexpr std::uint64_t kMaxFileBytes = 500ULL * 1000 * 1000;

std::optional<model::Error> check_query(const model::FileQuery& query) {
  if (query.ids.size() > kMaxIds) {
    return model::invalid("ids: at most 100 ids may be given");
  }
  if (!query.ids.empty() && (query.page.limit || !query.page.page.empty())) {
    return model::invalid("ids: cannot be combined with limit or page");
  }
  const std::size_t limit = query.page.limit.value_or(model::kDefaultLimit);
  if (limit < 1 || limit > model::kMaxLimit) {
    return model::invalid("limit: must be between 1 and 1000");
  }
  return std::nullopt;
}

/// As the API makes them.
bool is_well_formed(const std::string& id) {
  constexpr std::string_view kPrefix = "file_";
  return id.starts_with(kPrefix) && id.size() <= 128 &&
         std::all_of(id.begin() + kPrefix.size(), id.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

std::optional<model::Error> check_ids(const std::vector<std::string>& ids,
                                      const model::Switches& switches) {
  using FileIds = model::Switches::FileIds;
  if (!ids.empty() && switches.file_ids == FileIds::kUnknown) {
    return model::invalid(
        "Unknown query parameter \"ids[]\"; valid parameters are: limit, page, scope_id");
  }
  const bool refuses = switches.malformed_id == model::Switches::MalformedId::kRefused400 &&
                       switches.file_ids != FileIds::kIgnored;
  const auto bad = std::find_if_not(ids.begin(), ids.end(), is_well_formed);
  if (refuses && bad != ids.end()) {
    return model::invalid("ids: \"" + *bad + "\" is not a valid file id");
  }
  return std::nullopt;
}

bool is_asked_for(const File& file, const model::FileQuery& query) {
  return query.ids.empty() ||
         std::find(query.ids.begin(), query.ids.end(), file.id) != query.ids.end();
}

}  // namespace

Answer<File> SessionModel::upload(const model::NewFile& request) {
  const auto name = model::upload_name(request.filename, request.mime_type);
  if (!name) {
    return tl::unexpected(name.error());
  }
  if (request.content.size > kMaxFileBytes) {
    return tl::unexpected(model::Error{413, "request_too_large",
                                       "Request exceeds the maximum allowed number of bytes.", "",
                                       std::nullopt});
  }
  File file;
  if (const auto seconds = request.expires_in_seconds) {
    if (*seconds < kMinExpiry || *seconds > kMaxExpiry) {
      return tl::unexpected(model::invalid("expires_in_seconds: must be between 3600 and 7776000"));
    }
    file.expires_at = now_ + std::chrono::seconds(*seconds);
  }
  file.id = next_id("file");
  file.filename = *name;
  file.mime_type = request.mime_type.empty() ? "application/octet-stream" : request.mime_type;
  file.content = request.content;
  file.created_at = now_;
  file.serial = ++serial_;
  files_[file.id] = file;
  return file;
}

Answer<File> SessionModel::get_file(const std::string& id) const {
  if (switches_.malformed_id == model::Switches::MalformedId::kRefused400 && !is_well_formed(id)) {
    return tl::unexpected(model::invalid("\"" + id + "\" is not a valid file id"));
  }
  if (const File* found = find_file(id)) {
    return *found;
  }
  return tl::unexpected(model::file_not_found(id));
}

Answer<Page<File>> SessionModel::list_files(const model::FileQuery& asked) const {
  if (const auto error = check_query(asked)) {
    return tl::unexpected(*error);
  }
  if (const auto error = check_ids(asked.ids, switches_)) {
    return tl::unexpected(*error);
  }
  model::FileQuery query = asked;
  if (switches_.file_ids == model::Switches::FileIds::kIgnored) {
    query.ids.clear();
  }
  std::string scope;
  if (!query.scope_id.empty()) {
    const auto session = need_session(query.scope_id);
    if (!session) {
      return tl::unexpected(session.error());
    }
    scope = (*session)->id;
  }
  const ports::TimePoint seen =
      now_ - (scope.empty() ? ports::Duration{0} : switches_.file_list_lag);
  // Asked by id, copies are found without naming their session.
  const bool any_scope = scope.empty() && !query.ids.empty();
  std::vector<File> rows;
  for (const auto& [id, file] : files_) {
    const bool there = file.created_at <= seen && (!file.removed_at || *file.removed_at > seen);
    if (there && (any_scope || file.session_id == scope) && is_asked_for(file, query)) {
      rows.push_back(file);
    }
  }
  model::sort_by_serial(rows, false);
  const std::size_t limit =
      query.ids.empty() ? query.page.limit.value_or(model::kDefaultLimit) : kMaxIds;
  return model::page_of(std::move(rows), query.page, limit);
}

Answer<File> SessionModel::download(const std::string& id) const {
  auto file = get_file(id);
  if (file && file->expires_at && *file->expires_at <= now_) {
    auto error = model::not_found("File `" + id + "` has expired.");
    error.code = "file_expired";
    error.should_retry = false;
    return tl::unexpected(std::move(error));
  }
  if (file && !file->downloadable) {
    auto error = model::invalid("File `" + id + "` is not downloadable.");
    error.code = "file_not_downloadable";
    error.should_retry = false;
    return tl::unexpected(std::move(error));
  }
  return file;
}

Answer<std::string> SessionModel::delete_file(const std::string& id) {
  const auto found = files_.find(id);
  if (found == files_.end() || found->second.removed_at) {
    return tl::unexpected(model::file_not_found(id));
  }
  const bool lags =
      !found->second.session_id.empty() && switches_.file_list_lag > ports::Duration{0};
  if (lags) {
    found->second.removed_at = now_;
  } else {
    files_.erase(found);
  }
  return id;
}

std::vector<File> SessionModel::uploads() const { return session_files(""); }

std::vector<File> SessionModel::session_files(const std::string& session_id) const {
  std::vector<File> rows;
  for (const auto& [id, file] : files_) {
    if (file.session_id == session_id && !file.removed_at) {
      rows.push_back(file);
    }
  }
  model::sort_by_serial(rows, true);
  return rows;
}

void SessionModel::expire_file(const std::string& file_id) { files_.at(file_id).expires_at = now_; }

File SessionModel::add_output(const std::string& session_id, const std::string& filename,
                              std::string bytes) {
  File file;
  file.id = next_id("file");
  file.filename = filename;
  file.mime_type = "application/octet-stream";
  file.content = model::Content::of(std::move(bytes));
  file.created_at = now_;
  file.downloadable = true;
  file.session_id = session(session_id).id;
  file.serial = ++serial_;
  files_[file.id] = file;
  return file;
}

}  // namespace sessync
