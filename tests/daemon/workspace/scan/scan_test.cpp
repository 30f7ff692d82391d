#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("A directory source yields its regular files, sorted by path, with their digests") {
  Workspace ws;
  ws.tree.write("src/b.py", "bee");
  ws.tree.write("src/a/z.py", "zed");
  ws.tree.write("src/a-b.py", "ab");
  ws.tree.write("src/a.py", "");
  ws.tree.write("elsewhere.py", "no");
  ws.tree.directory("src/empty");

  const ports::SourceFiles found = ws.files(directory_source("src"));

  REQUIRE(found.files.size() == 4);
  CHECK(found.files[0] == ports::ScannedFile{"a-b.py", digest_of("ab"), 2});
  CHECK(found.files[1] == ports::ScannedFile{"a.py", digest_of(""), 0});
  CHECK(found.files[2] == ports::ScannedFile{"a/z.py", digest_of("zed"), 3});
  CHECK(found.files[3] == ports::ScannedFile{"b.py", digest_of("bee"), 3});
  CHECK(found.issues.empty());
  CHECK(found.warnings.empty());
}

TEST_CASE("The empty digest is that of no bytes") {
  CHECK(digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("Warm and cold scans put files in one order") {
  Workspace ws;
  for (const auto* name : {"a/b/c", "a/b.c", "a/b", "a-", "a.", "b/x", "b0", "a0/x"}) {
    if (!std::filesystem::exists(ws.tree.at(name))) ws.tree.write(name, name);
  }
  const Lines cold = paths(ws.files(directory_source("")));
  CHECK(std::ranges::is_sorted(cold));
  std::vector<workspace::DigestEntry> entries = ws.cache.entries();
  for (workspace::DigestEntry& entry : entries) entry.trusted = true;
  workspace::DigestCache warm(entries);
  workspace::Scanner scanner(warm, ws.options);
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("")}};
  const auto snapshot = scanner.scan({ws.workspace, {}, resources});
  CHECK(paths(std::get<ports::SourceFiles>(snapshot.sources.front())) == cold);
  CHECK(scanner.statistics().bytes_read == 0);
}

TEST_CASE("One snapshot per resource in the manifest's order; the others read nothing") {
  Workspace ws;
  ws.tree.write("a.txt", "a");
  const auto all = ws.scan({manifest::UploadedFileResource{"file_1", "/x"}, file_source("a.txt"),
                            manifest::RepositoryResource{}, file_source("gone.txt"),
                            manifest::MemoryStoreResource{}});
  for (const std::size_t i : {0U, 2U, 4U}) {
    const auto& files = std::get<ports::SourceFiles>(all[i]);
    CHECK(files.files.empty());
    CHECK(files.issues.empty());
  }
  CHECK(std::get<ports::SourceFiles>(all[1]).files ==
        std::vector<ports::ScannedFile>{{"", digest_of("a"), 1}});
  CHECK_THAT(std::get<ports::SourceUnavailable>(all[3]).message, Contains("does not exist"));
}

TEST_CASE("Include and exclude select as gitignore does") {
  Workspace ws;
  for (const auto* name :
       {"a.py", "test_a.py", "docs/b.md", "docs/c.py", "sub/test_d.py", "sub/d.py", "sub/e.txt"}) {
    ws.tree.write("src/" + std::string(name), name);
  }
  CHECK(paths(ws.files(directory_source("src", {"**/*.py"}, {"**/test_*"}))) ==
        Lines{"a.py", "docs/c.py", "sub/d.py"});
  CHECK(paths(ws.files(directory_source("src", {"docs/"}))) == Lines{"docs/b.md", "docs/c.py"});
  CHECK(paths(ws.files(directory_source("src", {}, {"sub", "*.py"}))) == Lines{"docs/b.md"});
  CHECK(paths(ws.files(directory_source("src", {"*.rs"}))).empty());
}

TEST_CASE("Default exclusions hold unless an include pattern names them literally") {
  Workspace ws;
  const Lines excluded = {".git/config", ".hg/x",  ".svn/x",     "..data/x",      "x~",
                          ".x.swp",      "4913",   ".DS_Store",  ".env",          ".env.local",
                          "key.pem",     "id_rsa", "id_rsa.old", "id_ed25519.pub"};
  for (const std::string& name : excluded) ws.tree.write(name, "secret");
  ws.tree.write("env", "fine");
  ws.tree.write("sub/.gitignore", "fine");

  CHECK(paths(ws.files(directory_source(""))) == Lines{"env", "sub/.gitignore"});
  CHECK(paths(ws.files(directory_source("", {"*"}))) == Lines{"env", "sub/.gitignore"});
  CHECK(paths(ws.files(directory_source("", {".env", "key.pem", ".git/"}))) ==
        Lines{".env", ".git/config", "key.pem"});
  for (const std::string& name : excluded) {
    CHECK(ws.files(file_source(name)).files.size() == 1);
  }
}

TEST_CASE("A .git that is a file, as in a worktree, is excluded too") {
  Workspace ws;
  ws.tree.write(".git", "gitdir: /elsewhere");
  ws.tree.write("a", "a");
  CHECK(paths(ws.files(directory_source(""))) == Lines{"a"});
}

TEST_CASE("The manifest itself is not mirrored") {
  Workspace ws;
  ws.tree.write("sessync.yaml", "version: 1");
  ws.tree.write("conf/other.yaml", "x");
  ws.manifests = {ws.tree.at("sessync.yaml")};
  CHECK(paths(ws.files(directory_source(""))) == Lines{"conf/other.yaml"});
  CHECK(paths(ws.files(directory_source("", {"sessync.yaml"}))) == Lines{"sessync.yaml"});
  CHECK(ws.files(file_source("sessync.yaml")).files.size() == 1);

  SECTION("a directory of manifests") {
    ws.tree.write("conf/deeper/third.yml", "x");
    ws.tree.write("conf/notes.md", "x");
    ws.manifests = {ws.tree.at("conf")};
    CHECK(paths(ws.files(directory_source(""))) ==
          Lines{"conf/deeper/third.yml", "conf/notes.md", "sessync.yaml"});
  }
  SECTION("neither its link nor the link's target") {
    ws.tree.rename("sessync.yaml", "real.yaml");
    ws.tree.link("sessync.yaml", "real.yaml");
    ws.tree.link("alias", "real.yaml");
    CHECK(paths(ws.files(directory_source(""))) == Lines{"conf/other.yaml"});
  }
  SECTION("named through a link to the workspace") {
    ws.tree.link("../" + ws.tree.path().substr(5) + "-link", ws.tree.path());
    const std::string link = ws.tree.path() + "-link";
    ws.manifests = {link + "/sessync.yaml"};
    CHECK(paths(ws.files(directory_source(""))) == Lines{"conf/other.yaml"});
    std::filesystem::remove(link);
  }
}

TEST_CASE("Sources that are not there or are of another kind say so") {
  Workspace ws;
  ws.tree.write("dir/file", "x");
  ws.tree.link("dangling", "nowhere");
  ws.tree.link("outside", "/etc");
  ws.tree.link("up", "../..");
  ws.tree.link("loop", "loop");
  REQUIRE(::mkfifo(ws.tree.at("pipe").c_str(), 0600) == 0);

  CHECK_THAT(ws.unavailable(file_source("gone")).message, Contains("does not exist"));
  CHECK_THAT(ws.unavailable(file_source("dir/file/below")).message, Contains("does not exist"));
  CHECK_THAT(ws.unavailable(directory_source("gone")).message, Contains("does not exist"));
  CHECK_THAT(ws.unavailable(file_source("dangling")).message,
             Contains("symlink to something that does not exist"));
  CHECK_THAT(ws.unavailable(file_source("dir")).message,
             Contains("is a directory") && Contains("write dir/"));
  CHECK_THAT(ws.unavailable(directory_source("dir/file")).message,
             Contains("is a file, not a directory"));
  CHECK_THAT(ws.unavailable(file_source("pipe")).message, Contains("neither a file nor"));
  CHECK_THAT(ws.unavailable(file_source("outside/passwd")).message,
             Contains("leads out of the workspace"));
  CHECK_THAT(ws.unavailable(directory_source("outside")).message,
             Contains("leads out of the workspace"));
  CHECK_THAT(ws.unavailable(directory_source("up")).message,
             Contains("leads out of the workspace"));
  CHECK_THAT(ws.unavailable(file_source("loop")).message, Contains("leads to itself"));
}

TEST_CASE("A source may be a symlink to something inside") {
  Workspace ws;
  ws.tree.write("releases/5/a.txt", "five");
  ws.tree.write(".env", "secret");
  ws.tree.link("current", "releases/5");
  ws.tree.link("a.txt", "current/a.txt");
  ws.tree.link("innocent", ".env");
  CHECK(paths(ws.files(directory_source("current"))) == Lines{"a.txt"});
  CHECK(ws.files(file_source("a.txt")).files.front().sha256 == digest_of("five"));
  CHECK(ws.files(file_source("current/a.txt")).files.front().sha256 == digest_of("five"));
  const auto innocent = ws.files(file_source("innocent"));
  CHECK(innocent.files.empty());
  REQUIRE(issue_paths(innocent) == Lines{""});
  CHECK(innocent.issues.front().kind == ports::ScanIssue::Kind::kSecret);
  CHECK_THAT(innocent.issues.front().message, Contains("is never mirrored"));
}

TEST_CASE("A workspace that is missing, a file or below one: every source is unavailable") {
  Workspace ws;
  ws.tree.write("file", "x");
  const auto entries = std::vector<manifest::ResourceVariant>{
      file_source("a"), directory_source(""), manifest::UploadedFileResource{"file_1", "/x"}};
  const auto [where, word] = GENERATE(table<const char*, const char*>({
      {"gone", "does not exist"},
      {"file", "is not a directory"},
      {"file/below", "is not a directory"},
  }));
  ws.workspace = ws.tree.at(where);
  const auto all = ws.scan(entries);
  for (const std::size_t i : {0U, 1U}) {
    const auto& lost = std::get<ports::SourceUnavailable>(all[i]);
    CHECK(lost.message.find(word) != std::string::npos);
    CHECK(lost.message.find(ws.workspace) != std::string::npos);
  }
  CHECK(std::holds_alternative<ports::SourceFiles>(all[2]));
}

TEST_CASE("Only directories that can match are read, only files that match are hashed") {
  Workspace ws;
  for (int i = 0; i < 40; ++i) {
    const std::string n = std::to_string(i);
    ws.tree.write("big/" + n + "/data.bin", n);
    ws.tree.write("docs/" + n + ".md", n);
    ws.tree.write("docs/" + n + ".bin", n);
  }
  const ports::SourceFiles found = ws.files(directory_source("", {"/docs/*.md"}));
  CHECK(found.files.size() == 40);
  CHECK(ws.statistics.files_hashed == 40);
  CHECK(ws.statistics.directories_read == 2);
}

TEST_CASE("A tree deeper than the longest path the kernel takes") {
  Workspace ws;
  os::UniqueFd directory(::open(ws.tree.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < 500; ++i) {
    if (!directory) FAIL("cannot open what was just made");
    REQUIRE(::mkdirat(directory.get(), "ten_bytes_", 0700) == 0);
    directory =
        os::UniqueFd(::openat(directory.get(), "ten_bytes_", O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  os::UniqueFd file(::openat(directory.get(), "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  REQUIRE(::write(file.get(), "down", 4) == 4);
  file = os::UniqueFd();

  const ports::SourceFiles found = ws.files(directory_source(""));
  REQUIRE(found.files.size() == 1);
  CHECK(found.files.front().path.size() == 500 * 11 + 4);
  CHECK(found.files.front().sha256 == digest_of("down"));
}

}  // namespace
}  // namespace sessync::test
