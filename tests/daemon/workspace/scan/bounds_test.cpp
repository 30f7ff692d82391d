#include <catch2/catch.hpp>

#include "tests/daemon/workspace/scan/scan_fixture.h"

/// What a scan may cost, whatever lies in the workspace.
namespace sessync {
namespace {

using test::Lines;
using test::paths;
using test::Workspace;

manifest::DirectoryResource all_of(const std::string& source) {
  return test::directory_source(source);
}

void write_many(Workspace& ws, const std::string& prefix, int count) {
  for (int i = 0; i < count; ++i) ws.tree.write(prefix + std::to_string(i), "x");
}

struct BoundedScan {
  ports::WorkspaceSnapshot snapshot;
  std::uint64_t hashed = 0;
};

BoundedScan scan_at_most(Workspace& ws, const std::vector<manifest::ResourceSpec>& resources,
                         std::uint64_t max_files) {
  workspace::Scanner scanner(ws.cache, ws.options);
  auto snapshot = scanner.scan(
      {.workspace = ws.workspace, .manifests = {}, .resources = resources, .max_files = max_files});
  return {std::move(snapshot), scanner.statistics().files_hashed};
}

ports::SourceFiles files_at_most(Workspace& ws, const std::string& source, std::uint64_t max) {
  const std::vector<manifest::ResourceSpec> resources{{{}, all_of(source)}};
  return std::get<ports::SourceFiles>(scan_at_most(ws, resources, max).snapshot.sources.front());
}

}  // namespace

TEST_CASE("An ignore file is taken up to 64 KiB; where it is larger nothing is mirrored") {
  Workspace ws;
  ws.tree.write("a/keep", "x");
  ws.tree.write("a/drop", "x");
  std::string text = "drop\n";
  text.resize(std::size_t{64} << 10U, '#');
  ws.tree.write("a/.sessyncignore", text);
  CHECK(paths(ws.files(all_of("a"))) == Lines{"keep"});
  ws.tree.write("a/.sessyncignore", text + "#");
  CHECK(ws.unavailable(all_of("a")).message.find("larger than 64 KiB") != std::string::npos);
}

TEST_CASE("Ignore files that count in one directory are at most 512 KiB together") {
  Workspace ws;
  std::string directory = "d";
  for (int i = 0; i < 9; ++i) {
    ws.tree.write(directory + "/.sessyncignore", std::string(60'000, '#'));
    ws.tree.write(directory + "/file", "x");
    directory += "/d";
  }
  const auto found = ws.files(all_of("d"));
  CHECK(found.files.size() == 8);
  CHECK(found.unreadable_directories == Lines{"d/d/d/d/d/d/d/d"});
}

TEST_CASE("What takes too much matching is unavailable, and says what to shorten") {
  Workspace ws;
  write_many(ws, "a/f", 100);
  std::string rules;
  for (int i = 0; i < 100; ++i) rules += "*no" + std::to_string(i) + "\n";
  ws.tree.write("a/.sessyncignore", rules);
  CHECK(ws.files(all_of("a")).files.size() == 100);
  ws.options.matching_steps = 20'000;
  const auto lost = ws.unavailable(all_of("a")).message;
  CHECK(lost.find("a takes too long to compare with its patterns") != std::string::npos);
  CHECK(lost.find("shorter") != std::string::npos);
  CHECK(ws.statistics.files_hashed == 0);
}

TEST_CASE("Patterns of the manifest and those that are parsed count, too") {
  Workspace ws;
  ws.options.matching_steps = 5'000;
  write_many(ws, "a/f", 100);
  Lines many;
  for (int i = 0; i < 100; ++i) many.push_back("no" + std::to_string(i));
  CHECK(ws.files(test::directory_source("a")).files.size() == 100);
  CHECK_FALSE(ws.unavailable(test::directory_source("a", {}, many)).message.empty());
  many.insert(many.begin(), "f*");
  CHECK_FALSE(ws.unavailable(test::directory_source("a", many)).message.empty());
  for (int i = 0; i < 40; ++i) {
    ws.tree.write("b/" + std::to_string(i) + "/.sessyncignore", std::string(1000, '\n'));
  }
  CHECK_FALSE(ws.unavailable(all_of("b")).message.empty());
}

TEST_CASE("A scan ends when the process does, in the middle of a tree") {
  Workspace ws;
  write_many(ws, "f", 10);
  workspace::Scanner scanner(ws.cache, ws.options);
  scanner.pool().stop();
  const std::vector<manifest::ResourceSpec> resources{{{}, all_of("")}};
  const auto snapshot =
      scanner.scan({.workspace = ws.workspace, .manifests = {}, .resources = resources});
  const auto& lost = std::get<ports::SourceUnavailable>(snapshot.sources.front());
  CHECK(lost.message.find("because sessync stops") != std::string::npos);
}

TEST_CASE("Of twice as many files as a session may hold nothing but their number is kept") {
  Workspace ws;
  write_many(ws, "a/f", 5);
  ws.tree.write("a/bad\nname", "x");
  CHECK(files_at_most(ws, "a", 3).files.size() == 5);
  ws.tree.write("a/one/more", "x");
  const std::vector<manifest::ResourceSpec> resources{{{}, all_of("a")}, {{}, all_of("a/one")}};
  const auto scan = scan_at_most(ws, resources, 3);
  const auto& many = std::get<ports::SourceFiles>(scan.snapshot.sources[0]);
  CHECK(many.too_many == 7);
  CHECK(many.files.empty());
  CHECK(many.issues.empty());
  CHECK(paths(std::get<ports::SourceFiles>(scan.snapshot.sources[1])) == Lines{"more"});
}

TEST_CASE("Files of which only the number is told are not read, and members of an archive are") {
  Workspace ws;
  write_many(ws, "a/f", 7);
  manifest::ArchiveResource archive;
  archive.source = "a";
  archive.mount_path = "/a.zip";
  CHECK(scan_at_most(ws, {{{}, all_of("a")}}, 3).hashed == 0);
  const auto packed = scan_at_most(ws, {{{}, archive}}, 3);
  CHECK(packed.hashed == 7);
  CHECK(std::get<ports::SourceFiles>(packed.snapshot.sources.front()).files.size() == 7);
}

TEST_CASE("What is skipped is named five hundred times at most") {
  Workspace ws;
  for (int i = 0; i < 600; ++i) ws.tree.link("l" + std::to_string(i), "nowhere");
  const auto found = ws.files(all_of(""));
  CHECK(found.warnings.size() == 501);
  CHECK(found.warnings.back().find("the rest is not named") != std::string::npos);
}

}  // namespace sessync
