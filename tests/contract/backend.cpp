#include "tests/contract/backend.h"

#include <catch2/catch.hpp>

#include "tests/double/model/model_types.h"

namespace sessync::contract {

namespace {

class Collector : public ports::ContentSink {
 public:
  tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
    text += bytes;
    return ports::Done{};
  }

  std::string text;
};

}  // namespace

ports::UploadRequest Backend::content(const std::string& name, const std::string& bytes) {
  return {"contract", name, content_.put(name + "/" + model::sha256_hex(bytes), bytes)};
}

ports::Result<ports::FileMetadata> Backend::try_upload(const std::string& name,
                                                       const std::string& bytes) {
  const auto request = content(name, bytes);
  auto file =
      ports::await<ports::FileMetadata>(loop(), [&](auto done) { api().upload(request, done); });
  if (file) {
    uploads_.push_back(file->file_id);
  }
  return file;
}

ports::Result<ports::FileRow> Backend::try_add(const std::string& file_id,
                                               const std::string& path) {
  auto row = ports::await<ports::FileRow>(loop(), [&](auto done) {
    api().add_file({session, file_id, mounts + path}, {ports::Permit::kTake}, done);
  });
  if (row) {
    rows_.push_back(*row);
  }
  return row;
}

ports::Result<ports::Done> Backend::try_remove(const std::string& resource_id) {
  return ports::await<ports::Done>(loop(), [&](auto done) {
    api().delete_resource(session, resource_id, {ports::Permit::kTake}, done);
  });
}

ports::Result<std::vector<ports::ResourceRow>> Backend::try_list() {
  return ports::await<std::vector<ports::ResourceRow>>(
      loop(), [&](auto done) { api().list_resources(session, done); });
}

ports::Result<ports::ResourceRow> Backend::try_get(const std::string& resource_id) {
  return ports::await<ports::ResourceRow>(
      loop(), [&](auto done) { api().get_resource(session, resource_id, done); });
}

ports::Result<ports::FileMetadata> Backend::try_file(const std::string& file_id) {
  return ports::await<ports::FileMetadata>(loop(),
                                           [&](auto done) { api().get_file(file_id, done); });
}

ports::Result<ports::Done> Backend::try_delete_file(const std::string& file_id) {
  return ports::await<ports::Done>(loop(), [&](auto done) { api().delete_file(file_id, done); });
}

ports::Result<std::vector<ports::FileMetadata>> Backend::try_find(std::vector<std::string> ids) {
  return ports::await<std::vector<ports::FileMetadata>>(
      loop(), [&](auto done) { api().find_files(std::move(ids), done); });
}

ports::Result<std::vector<ports::FileMetadata>> Backend::try_scoped() {
  return ports::await<std::vector<ports::FileMetadata>>(
      loop(), [&](auto done) { api().list_session_files(session, done); });
}

ports::Result<ports::SessionInfo> Backend::try_info() {
  return ports::await<ports::SessionInfo>(loop(),
                                          [&](auto done) { api().get_session(session, done); });
}

ports::Result<ports::CreatedSession> Backend::try_create(const ports::NewSession& request) {
  return ports::await<ports::CreatedSession>(
      loop(), [&](auto done) { api().create_session(request, done); });
}

ports::Result<ports::SessionInfo> Backend::try_update(const ports::SessionUpdate& update) {
  return ports::await<ports::SessionInfo>(loop(),
                                          [&](auto done) { api().update_session(update, done); });
}

ports::Result<ports::Done> Backend::try_rotate(const std::string& resource_id,
                                               const std::string& token) {
  return ports::await<ports::Done>(loop(), [&](auto done) {
    api().rotate_token({session, resource_id, ports::Secret(token)}, done);
  });
}

ports::Result<std::vector<ports::SessionInfo>> Backend::try_sessions() {
  return ports::await<std::vector<ports::SessionInfo>>(
      loop(), [&](auto done) { api().list_sessions(done); });
}

ports::Result<std::vector<ports::SessionFault>> Backend::try_faults(const std::string& since) {
  return ports::await<std::vector<ports::SessionFault>>(
      loop(), [&](auto done) { api().list_faults(session, since, done); });
}

ports::Result<std::vector<ports::FileMetadata>> Backend::try_uploads() {
  return ports::await<std::vector<ports::FileMetadata>>(
      loop(), [&](auto done) { api().list_uploads(done); });
}

ports::Result<std::string> Backend::try_download(const std::string& file_id) {
  const auto sink = std::make_shared<Collector>();
  const auto result =
      ports::await<ports::Done>(loop(), [&](auto done) { api().download(file_id, sink, done); });
  arrived = sink->text;
  return result.map([&](ports::Done /*done*/) { return arrived; });
}

ports::FileMetadata Backend::upload(const std::string& name, const std::string& bytes) {
  auto file = try_upload(name, bytes);
  INFO((file ? "" : file.error().message));
  REQUIRE(file.has_value());
  return *file;
}

ports::FileRow Backend::add(const std::string& file_id, const std::string& path) {
  auto row = try_add(file_id, path);
  INFO((row ? "" : row.error().message));
  REQUIRE(row.has_value());
  return *row;
}

std::vector<ports::FileRow> Backend::file_rows() {
  const auto rows = try_list();
  REQUIRE(rows.has_value());
  std::vector<ports::FileRow> files;
  for (const auto& row : *rows) {
    if (const auto* file = std::get_if<ports::FileRow>(&row)) {
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
