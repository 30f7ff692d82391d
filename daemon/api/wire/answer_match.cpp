#include "daemon/api/wire/answer_match.h"

#include <string_view>

#include "manifest/mount_path.h"
#include "reconciler/observe/marker.h"

namespace sessync::api {
namespace {

std::string id_of(const ports::ResourceRow& row) {
  if (const auto* const file = std::get_if<ports::FileRow>(&row)) return file->resource_id;
  if (const auto* const opaque = std::get_if<ports::OpaqueRow>(&row)) return opaque->resource_id;
  const auto* const repository = std::get_if<ports::RepositoryRow>(&row);
  return repository == nullptr ? "" : repository->resource_id;
}

std::string_view without_prefix(std::string_view session_id) {
  for (const std::string_view prefix : {"sesn_", "session_"}) {
    if (session_id.starts_with(prefix)) return session_id.substr(prefix.size());
  }
  return session_id;
}

std::string other(bool same, const char* what) {
  return same ? "" : std::string("it is about another ") + what;
}

}  // namespace

std::string problem_of(const ports::ResourceRow& row, const std::string& id) {
  return other(id_of(row) == id, "resource");
}

std::string problem_of(const ports::FileMetadata& file, const std::string& id) {
  return other(file.file_id == id, "file");
}

std::string problem_of(const ports::SessionInfo& session, const std::string& id) {
  return other(id.empty() || without_prefix(session.session_id) == without_prefix(id), "session");
}

std::string problem_of(const ports::FileRow& row, const ports::AddFile& request) {
  const bool same = manifest::MountPath::of_file(row.mount_path) ==
                    manifest::MountPath::of_file(request.mount_path);
  return same ? "" : "it is about another mount path";
}

std::string problem_of_upload(const ports::FileMetadata& file, const std::string& filename,
                              std::uint64_t size) {
  if (file.size_bytes != size) return "the size is not that of what was sent";
  const auto sent = observe::decode_marker(filename);
  if (!sent || file.filename.empty()) return "";
  // The tail of the name is for people; the API may spell it in another way.
  const auto kept = observe::decode_marker(file.filename);
  const bool same = kept && kept->owner == sent->owner &&
                    kept->digest_prefix == sent->digest_prefix && kept->seal == sent->seal;
  return same ? "" : "the file name is not that of what was sent";
}

}  // namespace sessync::api
