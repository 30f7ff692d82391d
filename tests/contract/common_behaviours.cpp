#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "manifest/mount_path.h"
#include "tests/contract/behaviours.h"

namespace sessync::contract {

namespace {

const char* const kName = "sessync.contract.0123.a.csv";

bool has_file(const std::vector<ports::FileMetadata>& files, const std::string& id) {
  return std::any_of(files.begin(), files.end(),
                     [&](const ports::FileMetadata& file) { return file.file_id == id; });
}

bool has_row(const std::vector<ports::FileRow>& rows, const std::string& id) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const ports::FileRow& row) { return row.resource_id == id; });
}

void upload_is_described(Backend& backend) {
  const auto file = backend.upload(kName, "1,2,3");
  CHECK_FALSE(file.file_id.empty());
  CHECK(file.filename == kName);
  CHECK(file.size_bytes == 5);
  CHECK(file.downloadable == false);
  const auto again = backend.try_file(file.file_id);
  REQUIRE(again.has_value());
  CHECK(again->filename == file.filename);
  CHECK(again->created_at == file.created_at);
}

void added_file_is_a_copy(Backend& backend) {
  const auto file = backend.upload(kName, "copied");
  const auto row = backend.add(file.file_id, "copy/a.csv");
  CHECK(row.file_id != file.file_id);
  const auto copy = backend.try_file(row.file_id);
  REQUIRE(copy.has_value());
  CHECK(copy->filename == kName);
  CHECK(copy->size_bytes == file.size_bytes);
}

void list_shows_the_mount(Backend& backend) {
  const auto file = backend.upload(kName, "listed");
  const auto row = backend.add(file.file_id, "listed/b.csv");
  const auto rows = backend.file_rows();
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ports::FileRow& one) {
    return one.resource_id == row.resource_id;
  });
  REQUIRE(found != rows.end());
  CHECK(found->file_id == row.file_id);
  CHECK(found->mount_path == row.mount_path);
  CHECK(manifest::MountPath::of_file(found->mount_path) ==
        manifest::MountPath::of_file(backend.mounts + "listed/b.csv"));
}

void one_upload_makes_many_copies(Backend& backend) {
  const auto file = backend.upload(kName, "twice");
  const auto first = backend.add(file.file_id, "twice/1");
  const auto second = backend.add(file.file_id, "twice/2");
  CHECK(first.file_id != second.file_id);
  CHECK(first.resource_id != second.resource_id);
}

void deleted_resource_is_gone(Backend& backend) {
  const auto file = backend.upload(kName, "deleted");
  const auto row = backend.add(file.file_id, "deleted");
  REQUIRE(backend.try_remove(row.resource_id).has_value());
  CHECK_FALSE(has_row(backend.file_rows(), row.resource_id));
  CHECK(backend.try_get(row.resource_id).error().kind == ports::ApiError::Kind::kNotFound);
  CHECK(backend.try_remove(row.resource_id).error().kind == ports::ApiError::Kind::kNotFound);
}

void resource_is_found_by_id(Backend& backend) {
  const auto row = backend.add(backend.upload(kName, "by id").file_id, "by-id");
  const auto found = backend.try_get(row.resource_id);
  REQUIRE(found.has_value());
  CHECK(std::get<ports::FileRow>(*found).file_id == row.file_id);
}

void scoped_list_has_copies_only(Backend& backend) {
  const auto file = backend.upload(kName, "scoped");
  const auto row = backend.add(file.file_id, "scoped");
  const auto files = backend.try_scoped();
  REQUIRE(files.has_value());
  CHECK(has_file(*files, row.file_id));
  CHECK_FALSE(has_file(*files, file.file_id));
}

void missing_ids_are_left_out(Backend& backend) {
  const auto file = backend.upload(kName, "found");
  const auto gone = backend.upload(kName, "gone");
  REQUIRE(backend.try_delete_file(gone.file_id).has_value());
  const auto found = backend.try_find({gone.file_id, file.file_id, gone.file_id});
  REQUIRE(found.has_value());
  CHECK(has_file(*found, file.file_id));
  CHECK_FALSE(has_file(*found, gone.file_id));
  const auto none = backend.try_find({});
  REQUIRE(none.has_value());
  CHECK(none->empty());
}

void deleted_file_is_gone(Backend& backend) {
  const auto file = backend.upload(kName, "short-lived");
  REQUIRE(backend.try_delete_file(file.file_id).has_value());
  CHECK(backend.try_file(file.file_id).error().kind == ports::ApiError::Kind::kNotFound);
  CHECK(backend.try_delete_file(file.file_id).error().kind == ports::ApiError::Kind::kNotFound);
}

void copy_outlives_its_original(Backend& backend) {
  const auto file = backend.upload(kName, "original");
  const auto row = backend.add(file.file_id, "original");
  REQUIRE(backend.try_delete_file(file.file_id).has_value());
  CHECK(has_row(backend.file_rows(), row.resource_id));
  CHECK(backend.try_file(row.file_id).has_value());
}

void session_says_its_status(Backend& backend) {
  const auto info = backend.try_info();
  REQUIRE(info.has_value());
  CHECK(info->status == "idle");
  CHECK_FALSE(info->archived_at.has_value());
  CHECK_FALSE(info->organization_id.empty());
}

void uploads_are_listed(Backend& backend) {
  const auto file = backend.upload(kName, "one of all");
  const auto row = backend.add(file.file_id, "one-of-all");
  const auto files = backend.try_uploads();
  REQUIRE(files.has_value());
  CHECK(has_file(*files, file.file_id));
  CHECK_FALSE(has_file(*files, row.file_id));
}

void uploads_are_not_downloaded(Backend& backend) {
  const auto file = backend.upload(kName, "kept");
  const auto error = backend.try_download(file.file_id).error();
  CHECK(error.kind == ports::ApiError::Kind::kInvalid);
  CHECK(error.code == "file_not_downloadable");
  CHECK_FALSE(error.organization_id.empty());
  CHECK(backend.arrived.empty());
}

void sessions_are_listed(Backend& backend) {
  const auto info = backend.try_info();
  const auto sessions = backend.try_sessions();
  REQUIRE(info.has_value());
  REQUIRE(sessions.has_value());
  const auto found = std::find_if(
      sessions->begin(), sessions->end(),
      [&](const ports::SessionInfo& one) { return one.session_id == info->session_id; });
  REQUIRE(found != sessions->end());
  CHECK(found->created_at == info->created_at);
  CHECK_FALSE(found->created_at.empty());
  CHECK(found->organization_id == info->organization_id);
}

void faults_are_listed(Backend& backend) {
  CHECK(backend.try_faults().has_value());
  const auto later = backend.try_faults("2099-01-01T00:00:00Z");
  REQUIRE(later.has_value());
  CHECK(later->empty());
}

void only_repositories_rotate(Backend& backend) {
  const auto row = backend.add(backend.upload(kName, "no token").file_id, "no-token");
  CHECK(backend.try_rotate(row.resource_id, "t").error().kind == ports::ApiError::Kind::kInvalid);
  CHECK(backend.try_rotate("sesrsc_gone", "t").error().kind == ports::ApiError::Kind::kNotFound);
}

void concurrent_uploads_are_one(Backend& backend) {
  const auto wanted = backend.content(kName, "asked for three times");
  std::set<std::string> ids;
  int answers = 0;
  for (int caller = 0; caller < 3; ++caller) {
    backend.api().upload(wanted, [&](const ports::Result<ports::FileMetadata>& file) {
      ids.insert(file ? file->file_id : "failed");
      ++answers;
    });
  }
  while (answers < 3) {
    REQUIRE(backend.loop().run_one());
  }
  CHECK(ids.size() == 1);
  CHECK(backend.try_delete_file(*ids.begin()).has_value());
}

void permits_are_granted(Backend& backend) {
  bool granted = false;
  backend.api().reserve_writes(2, [&] { granted = true; });
  CHECK_FALSE(granted);
  REQUIRE(backend.loop().run_one());
  CHECK(granted);
  const auto file = backend.upload(kName, "permitted");
  const auto row = ports::await<ports::FileRow>(backend.loop(), [&](auto done) {
    backend.api().add_file({backend.session, file.file_id, backend.mounts + "permitted"},
                           {ports::Permit::kReserved}, done);
  });
  REQUIRE(row.has_value());
  const auto gone = ports::await<ports::Done>(backend.loop(), [&](auto done) {
    backend.api().delete_resource(backend.session, row->resource_id, {ports::Permit::kReserved},
                                  done);
  });
  CHECK(gone.has_value());
}

}  // namespace

const std::vector<Behaviour>& common_behaviours() {
  static const std::vector<Behaviour> all = {
      {"an upload is described by its metadata", upload_is_described},
      {"an added file is a copy with the upload's name", added_file_is_a_copy},
      {"the list shows the mount path", list_shows_the_mount},
      {"two adds of one upload are two copies", one_upload_makes_many_copies},
      {"a deleted resource is gone, and says so", deleted_resource_is_gone},
      {"a resource is found by its id", resource_is_found_by_id},
      {"the scoped list has copies, not uploads", scoped_list_has_copies_only},
      {"ids that do not exist are left out", missing_ids_are_left_out},
      {"a deleted file is gone, and says so", deleted_file_is_gone},
      {"a copy outlives its original", copy_outlives_its_original},
      {"a session says its status and organization", session_says_its_status},
      {"uploads are listed, copies are not", uploads_are_listed},
      {"uploads are not downloaded", uploads_are_not_downloaded},
      {"a session is in the list of sessions", sessions_are_listed},
      {"a session's faults are listed after a time", faults_are_listed},
      {"only repositories take a token", only_repositories_rotate},
      {"concurrent uploads of one content are one", concurrent_uploads_are_one},
      {"reserved writes are granted and used", permits_are_granted}};
  return all;
}

}  // namespace sessync::contract
