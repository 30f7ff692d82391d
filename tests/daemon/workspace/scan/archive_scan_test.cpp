#include <algorithm>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "daemon/workspace/content/archive_digest.h"
#include "tests/daemon/workspace/content/archive_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;

void make_executable(const TempTree& tree, std::string_view path, bool executable = true) {
  REQUIRE(::chmod(tree.at(path).c_str(), executable ? 0744 : 0644) == 0);
}

std::string scanned_digest(Workspace& ws, const manifest::ArchiveResource& entry) {
  return ws.files(entry).archive_sha256.value();
}

/// As a store would give it back after a while: no file is read again.
void trust_everything(Workspace& ws, workspace::DigestCache& cache) {
  std::vector<workspace::DigestEntry> entries = ws.cache.entries();
  for (workspace::DigestEntry& entry : entries) entry.trusted = true;
  std::destroy_at(&cache);
  std::construct_at(&cache, entries);
}

TEST_CASE("An archive takes what a directory source takes") {
  Workspace ws;
  for (const auto* name : {"a.py", "b.txt", "sub/c.py", "sub/test_d.py", ".env", ".git/config"}) {
    ws.tree.write("src/" + std::string(name), name);
  }
  ws.tree.write("src/sub/.sessyncignore", "e.py\n");
  ws.tree.write("src/sub/e.py", "e");
  ws.tree.link("src/link.py", "a.py");
  ws.tree.link("src/other.py", "b.txt");
  ws.tree.link("src/escape.py", "/etc/hostname");
  manifest::ArchiveResource entry = archive_source("src");
  entry.include = manifest::Patterns::parse({"**/*.py"}).value();
  entry.exclude = manifest::Patterns::parse({"**/test_*"}).value();
  const ports::SourceFiles archive = ws.files(entry);
  const ports::SourceFiles mirrored = ws.files(directory_source("src", {"**/*.py"}, {"**/test_*"}));
  CHECK(paths(archive) == Lines{"a.py", "link.py", "sub/c.py"});
  CHECK(archive.files == mirrored.files);
  CHECK(archive.warnings == mirrored.warnings);
  CHECK(archive.warnings.size() == 2);
  CHECK(archive.left_out == mirrored.left_out);
  CHECK(archive.archive_sha256.value().size() == 64);
  CHECK_FALSE(mirrored.archive_sha256);
}

TEST_CASE("A lost archive source is unavailable, with or without the workspace") {
  Workspace ws;
  ws.tree.write("file", "x");
  CHECK_THAT(ws.unavailable(archive_source("gone")).message, Contains("does not exist"));
  CHECK_THAT(ws.unavailable(archive_source("file")).message,
             Contains("is a file, not a directory"));
  ws.workspace = ws.tree.at("nowhere");
  CHECK_THAT(ws.unavailable(archive_source("gone")).message, Contains("does not exist"));
}

TEST_CASE("The digest of an archive is the documented one") {
  const std::string of_a = digest_of("a");
  const std::vector<ports::ScannedFile> members{{"a", of_a, 1, false}, {"dir/b 1", of_a, 1, true}};
  CHECK(workspace::archive_digest(Format::kTarGz, members) ==
        digest_of("sessync archive 1\ntar.gz\n1:a - " + of_a + "\n7:dir/b 1 x " + of_a + "\n"));
  CHECK(workspace::archive_digest(Format::kZip, {}) == digest_of("sessync archive 1\nzip\n"));
}

TEST_CASE("What changes an archive's digest, and what does not") {
  Workspace ws;
  ws.tree.write("src/a", "one");
  ws.tree.write("src/sub/b", "two");
  ws.tree.write("elsewhere", "three");
  const manifest::ArchiveResource entry = archive_source("src");
  const std::string before = scanned_digest(ws, entry);

  SECTION("content") {
    ws.tree.write("src/a", "ONE");
    CHECK(scanned_digest(ws, entry) != before);
    ws.tree.write("src/a", "one");
    CHECK(scanned_digest(ws, entry) == before);
  }
  SECTION("a name") {
    ws.tree.rename("src/a", "src/c");
    CHECK(scanned_digest(ws, entry) != before);
  }
  SECTION("two contents that change places") {
    ws.tree.write("src/a", "two");
    ws.tree.write("src/sub/b", "one");
    CHECK(scanned_digest(ws, entry) != before);
  }
  SECTION("a new member, even an empty one") {
    ws.tree.write("src/empty", "");
    CHECK(scanned_digest(ws, entry) != before);
  }
  SECTION("the format") {
    CHECK(scanned_digest(ws, archive_source("src", Format::kZip)) != before);
  }
  SECTION("nothing else: times, other files, empty directories, the source's own name") {
    ws.tree.age("src/a", 5000);
    ws.tree.write("elsewhere", "four");
    ws.tree.directory("src/empty");
    CHECK(scanned_digest(ws, entry) == before);
    ws.tree.rename("src", "renamed");
    CHECK(scanned_digest(ws, archive_source("renamed")) == before);
  }
}

TEST_CASE("chmod +x changes the digest of an archive, other permissions do not") {
  Workspace ws;
  ws.tree.write("src/run", "#!/bin/sh\n");
  ws.tree.link("src/link", "run");
  const manifest::ArchiveResource entry = archive_source("src");
  const ports::SourceFiles before = ws.files(entry);
  CHECK(std::ranges::none_of(before.files, &ports::ScannedFile::executable));
  REQUIRE(::chmod(ws.tree.at("src/run").c_str(), 0655) == 0);
  CHECK(scanned_digest(ws, entry) == before.archive_sha256);
  make_executable(ws.tree, "src/run");
  const ports::SourceFiles after = ws.files(entry);
  CHECK(std::ranges::all_of(after.files, &ports::ScannedFile::executable));
  CHECK(after.archive_sha256 != before.archive_sha256);
}

TEST_CASE("The executable bit is right for files whose digest is known, too") {
  Workspace ws;
  ws.tree.write("src/a", "a");
  ws.tree.write("src/run", "run");
  ws.tree.link("src/link", "run");
  make_executable(ws.tree, "src/run");
  const manifest::ArchiveResource entry = archive_source("src");
  const ports::SourceFiles cold = ws.files(entry);
  CHECK(ws.statistics.files_hashed == 3);
  Workspace warm;
  trust_everything(ws, warm.cache);
  warm.workspace = ws.workspace;
  const ports::SourceFiles again = warm.files(entry);
  CHECK(warm.statistics.files_hashed == 0);
  CHECK(again.files == cold.files);
  CHECK(again.archive_sha256 == cold.archive_sha256);
  make_executable(ws.tree, "src/run", false);
  CHECK(warm.files(entry).archive_sha256 != cold.archive_sha256);
}

}  // namespace
}  // namespace sessync::test
