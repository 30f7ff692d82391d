#include "reconciler/import/import.h"

#include <catch2/catch.hpp>

#include "manifest/load.h"
#include "reconciler/observe/marker.h"

namespace sessync::test {
namespace {

importer::LiveSession live(std::string id, std::vector<ports::ResourceRow> rows = {},
                           std::optional<std::string> title = std::nullopt) {
  importer::LiveSession session;
  session.info.session_id = std::move(id);
  session.info.title = std::move(title);
  session.rows = std::move(rows);
  return session;
}

ports::FileRow file(const std::string& number, std::string mount_path) {
  return {"sesrsc_" + number, "file_" + number, std::move(mount_path), "2025-01-01T00:00:00Z"};
}

void mark(importer::LiveSession& session, const std::string& file_id, const std::string& owner) {
  ports::FileMetadata copy;
  copy.file_id = file_id;
  copy.filename = observe::encode_marker(owner, std::string(64, 'a'), "x.csv");
  session.files.push_back(copy);
}

manifest::ManifestFile manifest_of(const importer::ImportedManifest& imported) {
  INFO(imported.text);
  CHECK(imported.problems.empty());
  auto manifest = manifest::load_manifest_file({"m.yaml", imported.text, ""});
  CHECK(manifest.problems.empty());
  return manifest;
}

manifest::ManifestFile imported(const std::vector<importer::LiveSession>& sessions) {
  return manifest_of(importer::import_sessions(sessions));
}

std::vector<std::string> mounts(const manifest::SessionSpec& session) {
  std::vector<std::string> all;
  for (const auto& resource : session.resources) {
    if (const auto* uploaded = std::get_if<manifest::UploadedFileResource>(&resource.what)) {
      all.push_back(uploaded->mount_path);
    }
  }
  return all;
}

TEST_CASE("Every type of row is declared as it was listed") {
  const ports::RepositoryRow repository{
      "sesrsc_9", "https://github.com/o/r", "/workspace/r", "main", {}};
  const ports::MemoryStoreRow store{"memstore_1", "read_only", "/mnt/memory/x",
                                    "Prefer\nthis: one"};
  const auto manifest = imported({live(
      "sesn_1", {file("2", "/mnt/session/uploads/b: c"), file("1", "/a"), repository, store})});
  const auto& session = manifest.sessions.at(0);
  CHECK(session.session_id == "sesn_1");
  REQUIRE(session.resources.size() == 4);
  const auto& repo = std::get<manifest::RepositoryResource>(session.resources[0].what);
  CHECK(repo.url == "https://github.com/o/r");
  CHECK(repo.mount_path == "/workspace/r");
  CHECK(repo.checkout == manifest::Checkout(manifest::BranchCheckout{"main"}));
  CHECK_FALSE(repo.authorization_token);
  const auto& memory = std::get<manifest::MemoryStoreResource>(session.resources[1].what);
  CHECK(memory.memory_store_id == "memstore_1");
  CHECK(memory.access == "read_only");
  CHECK(memory.instructions == "Prefer\nthis: one");
  const auto& first = std::get<manifest::UploadedFileResource>(session.resources[2].what);
  CHECK(first.file_id == "file_1");
  CHECK(first.mount_path == "/a");
  CHECK(mounts(session) == std::vector<std::string>{"/a", "/mnt/session/uploads/b: c"});
}

TEST_CASE("A repository's checkout") {
  ports::RepositoryRow row{"sesrsc_9", "https://github.com/o/r", "/workspace/r", {}, {}};
  const auto checkout = [&] {
    const auto manifest = imported({live("sesn_1", {row})});
    return std::get<manifest::RepositoryResource>(manifest.sessions.at(0).resources.at(0).what)
        .checkout;
  };
  CHECK_FALSE(checkout());
  row.commit = "0123456789";
  CHECK(checkout() == manifest::Checkout(manifest::CommitCheckout{"0123456789"}));
}

TEST_CASE("How to add a token stands beside a repository, as a comment") {
  const ports::RepositoryRow row{"sesrsc_9", "https://github.com/o/r", "/workspace/r", {}, {}};
  const auto text = importer::import_sessions({live("sesn_1", {row})}).text;
  CHECK(text.find("\n        # authorization_token: {env: GITHUB_TOKEN}\n") != std::string::npos);
}

TEST_CASE("An empty session") {
  const auto manifest = imported({live("sesn_1")});
  CHECK(manifest.sessions.at(0).resources.empty());
  CHECK(manifest.owner == "imported");
}

TEST_CASE("Sessions are named by their titles where those make names") {
  const auto manifest =
      imported({live("sesn_1", {}, "Research"), live("sesn_2", {}, "My session 2"),
                live("sesn_3", {}, "a/b"), live("sesn_4", {}, "Research"), live("sesn_5", {}, ""),
                live("sesn_6", {}, "数据"), live("sesn_7", {}, std::string(64, 'x')),
                live("sesn_8", {}, ".."), live("sesn_9"), live("sesn_10", {}, "yes")});
  std::vector<std::string> names;
  names.reserve(manifest.sessions.size());
  for (const auto& session : manifest.sessions) names.push_back(session.name);
  CHECK(names == std::vector<std::string>{"Research", "My-session-2", "sesn_3", "sesn_4", "sesn_5",
                                          "sesn_6", "sesn_7", "sesn_8", "sesn_9", "yes"});
}

TEST_CASE("The owner is the one that all markers name") {
  auto one = live("sesn_1", {file("1", "/a"), file("2", "/b")});
  auto two = live("sesn_2", {file("3", "/a")});
  CHECK(imported({one, two}).owner == "imported");
  mark(one, "file_1", "data-prod");
  CHECK(imported({one, two}).owner == "data-prod");
  mark(two, "file_3", "data-prod");
  CHECK(imported({one, two}).owner == "data-prod");
  mark(one, "file_2", "other");
  CHECK(imported({one, two}).owner == "imported");
}

TEST_CASE("Markers of files that are not mounted do not count") {
  auto session = live("sesn_1", {file("1", "/a")});
  mark(session, "file_gone", "data-prod");
  CHECK(imported({session}).owner == "imported");
}

TEST_CASE("What no manifest can say becomes a comment with the reason") {
  ports::RepositoryRow elsewhere{
      "sesrsc_8", "https://user:hunter2@gitlab.com/o/r", "/workspace/e", {}, {}};
  ports::RepositoryRow repository{"sesrsc_9", "https://github.com/o/r", "/workspace/r", {}, {}};
  const ports::MemoryStoreRow store{"memstore_1", "append_only", "/mnt/memory/x", {}};
  const auto result = importer::import_sessions({live(
      "sesn_1",
      {file("1", "/a"), file("2", "/a"), file("3", "/mnt/session/uploads/a"), file("4", "/a/below"),
       file("5", "relative"), file("6", "/x/../y"), file("7", "/line\nbreak"), file("8", "/ok"),
       file("9", "/workspace/r/inside"), elsewhere, repository, store,
       ports::OpaqueRow{"sesrsc_7", "volume", "/v\n- type: file"},
       ports::OpaqueRow{"", "dream", ""}, ports::OpaqueRow{"sesrsc_10", "file", ""}})});
  const auto manifest = manifest_of(result);
  const auto& session = manifest.sessions.at(0);
  CHECK(mounts(session) == std::vector<std::string>{"/a", "/ok"});
  CHECK(session.resources.size() == 3);
  for (const auto* gone :
       {"The file file_2 at /a", "The file file_3 at", "The file file_4 at /a/below",
        "The file file_5 at relative", "The file file_6 at", "The file file_7 at",
        "The file file_9 at", "The repository at /workspace/e", "The memory store memstore_1",
        "type volume at /v", "type dream:", "A file (sesrsc_10) of which"}) {
    INFO(gone);
    const auto at = result.text.find(gone);
    REQUIRE(at != std::string::npos);
    CHECK(result.text.rfind("\n      # ", at) > result.text.rfind('\n', at) - 1);
  }
  CHECK(result.text.find("hunter2") == std::string::npos);
}

TEST_CASE("No owner is claimed under which a file that could not be declared would be deleted") {
  auto session = live("sesn_1", {file("1", "/a"), file("2", "/a")});
  mark(session, "file_1", "data-prod");
  CHECK(imported({session}).owner == "data-prod");
  mark(session, "file_2", "data-prod");
  CHECK(imported({session}).owner == "imported");
}

TEST_CASE("A fault of a session is told and withdraws nothing") {
  const auto result = importer::import_sessions(
      {live("sesn_1", {file("1", "/a")}), live("no id", {file("2", "/a")}, "Two")});
  CHECK(result.problems.size() == 1);
  CHECK(result.text.find("cannot be declared") == std::string::npos);
}

TEST_CASE("A session of many files says how many it may have") {
  const auto with_files = [](int count) {
    std::vector<ports::ResourceRow> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      rows.emplace_back(file(std::to_string(i), "/" + std::to_string(i)));
    }
    return imported({live("sesn_1", rows)}).sessions.at(0).max_files;
  };
  CHECK(with_files(100) == 100);
  CHECK(with_files(101) == 500);
}

}  // namespace
}  // namespace sessync::test
