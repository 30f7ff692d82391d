#include "tests/contract/backend.h"

#include <catch2/catch.hpp>

#include "tests/double/model/model_types.h"

namespace sessync::contract {

namespace {

class Collector : public ContentSink {
 public:
  tl::expected<Done, std::string> write(std::string_view bytes) override {
    text += bytes;
    return Done{};
  }

  std::string text;
};

}  // namespace

UploadRequest Backend::content(const std::string& name, const std::string& bytes) {
  return {"contract", name, content_.put(name + "/" + model::sha256_hex(bytes), bytes)};
}

Result<FileMetadata> Backend::try_upload(const std::string& name, const std::string& bytes) {
  const auto request = content(name, bytes);
  auto file = await<FileMetadata>(loop(), [&](auto done) { api().upload(request, done); });
  if (file) {
    uploads_.push_back(file->file_id);
  }
  return file;
}

Result<FileRow> Backend::try_add(const std::string& file_id, const std::string& path) {
  auto row = await<FileRow>(loop(), [&](auto done) {
    api().add_file({session, file_id, mounts + path}, {Permit::kTake}, done);
  });
  if (row) {
    rows_.push_back(*row);
  }
  return row;
}

Result<Done> Backend::try_remove(const std::string& resource_id) {
  return await<Done>(loop(), [&](auto done) {
    api().delete_resource(session, resource_id, {Permit::kTake}, done);
  });
}

Result<std::vector<ResourceRow>> Backend::try_list() {
  return await<std::vector<ResourceRow>>(loop(),
                                         [&](auto done) { api().list_resources(session, done); });
}

Result<ResourceRow> Backend::try_get(const std::string& resource_id) {
  return await<ResourceRow>(loop(),
                            [&](auto done) { api().get_resource(session, resource_id, done); });
}

Result<FileMetadata> Backend::try_file(const std::string& file_id) {
  return await<FileMetadata>(loop(), [&](auto done) { api().get_file(file_id, done); });
}

Result<Done> Backend::try_delete_file(const std::string& file_id) {
  return await<Done>(loop(), [&](auto done) { api().delete_file(file_id, done); });
}

Result<std::vector<FileMetadata>> Backend::try_find(std::vector<std::string> ids) {
  return await<std::vector<FileMetadata>>(
      loop(), [&](auto done) { api().find_files(std::move(ids), done); });
}

Result<std::vector<FileMetadata>> Backend::try_scoped() {
  return await<std::vector<FileMetadata>>(
      loop(), [&](auto done) { api().list_session_files(session, done); });
}

Result<SessionInfo> Backend::try_info() {
  return await<SessionInfo>(loop(), [&](auto done) { api().get_session(session, done); });
}

Result<CreatedSession> Backend::try_create(const NewSession& request) {
  return await<CreatedSession>(loop(), [&](auto done) { api().create_session(request, done); });
}

Result<SessionInfo> Backend::try_update(const SessionUpdate& update) {
  return await<SessionInfo>(loop(), [&](auto done) { api().update_session(update, done); });
}

Result<Done> Backend::try_rotate(const std::string& resource_id, const std::string& token) {
  return await<Done>(
      loop(), [&](auto done) { api().rotate_token({session, resource_id, Secret(token)}, done); });
}

Result<std::vector<SessionInfo>> Backend::try_sessions() {
  return await<std::vector<SessionInfo>>(loop(), [&](auto done) { api().list_sessions(done); });
}

Result<std::vector<SessionFault>> Backend::try_faults(const std::string& since) {
  return await<std::vector<SessionFault>>(
      loop(), [&](auto done) { api().list_faults(session, since, done); });
}

Result<std::vector<FileMetadata>> Backend::try_uploads() {
  return await<std::vector<FileMetadata>>(loop(), [&](auto done) { api().list_uploads(done); });
}

Result<std::string> Backend::try_download(const std::string& file_id) {
  const auto sink = std::make_shared<Collector>();
  const auto result = await<Done>(loop(), [&](auto done) { api().download(file_id, sink, done); });
  arrived = sink->text;
  return result.map([&](Done /*done*/) { return arrived; });
}

FileMetadata Backend::upload(const std::string& name, const std::string& bytes) {
  auto file = try_upload(name, bytes);
  INFO((file ? "" : file.error().message));
  REQUIRE(file.has_value());
  return *file;
}

FileRow Backend::add(const std::string& file_id, const std::string& path) {
  auto row = try_add(file_id, path);
  INFO((row ? "" : row.error().message));
  REQUIRE(row.has_value());
  return *row;
}

std::vector<FileRow> Backend::file_rows() {
  const auto rows = try_list();
  REQUIRE(rows.has_value());
  std::vector<FileRow> files;
  for (const auto& row : *rows) {
    if (const auto* file = std::get_if<FileRow>(&row)) {
      files.push_back(*file);
    }
  }
  return files;
}

void Backend::clean_up() {
  for (const auto& row : rows_) {
    (void)try_remove(row.resource_id);
    (void)try_delete_file(row.file_id);
  }
  for (const auto& id : uploads_) {
    (void)try_delete_file(id);
  }
}

}  // namespace sessync::contract
