#include <array>
#include <cstdio>
#include <memory>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;

TEST_CASE(".sessyncignore files on the way count, the deeper one wins") {
  Workspace ws;
  ws.tree.write(".sessyncignore", "*.log\n/build/\n");
  ws.tree.write("src/.sessyncignore", "!keep.log\n*.tmp\n");
  ws.tree.write("src/deep/.sessyncignore", "!x.tmp\n");
  for (const auto* name : {"a.log", "a", "build/out", "src/a.log", "src/keep.log", "src/a.tmp",
                           "src/build/out", "src/deep/x.tmp", "src/deep/y.tmp", "other/keep.log"}) {
    ws.tree.write(name, name);
  }
  CHECK(paths(ws.files(directory_source(""))) ==
        Lines{"a", "src/build/out", "src/deep/x.tmp", "src/keep.log"});
  CHECK(paths(ws.files(directory_source("src"))) == Lines{"build/out", "deep/x.tmp", "keep.log"});
  CHECK(paths(ws.files(directory_source("src/deep"))) == Lines{"x.tmp"});
  CHECK(ws.files(file_source("a.log")).files.size() == 1);
}

TEST_CASE(".gitignore files count where the entry says so, and .sessyncignore has the last word") {
  Workspace ws;
  ws.tree.write(".gitignore", "*.log\n/build/\n");
  ws.tree.write(".sessyncignore", "!a.log\n");
  ws.tree.write("src/.gitignore", "!keep.log\n");
  for (const auto* name : {"a.log", "b.log", "build/out", "src/c.log", "src/keep.log"}) {
    ws.tree.write(name, name);
  }
  auto entry = directory_source("");
  CHECK(ws.files(entry).files.size() == 7);
  entry.gitignore = true;
  CHECK(paths(ws.files(entry)) == Lines{".gitignore", "a.log", "src/.gitignore", "src/keep.log"});
  entry.source = "src";
  CHECK(paths(ws.files(entry)) == Lines{".gitignore", "keep.log"});
  REQUIRE(::mkfifo(ws.tree.at("build/.gitignore").c_str(), 0600) == 0);
  entry.source = "build";
  CHECK(paths(ws.files(entry)).empty());
}

TEST_CASE("A source below an ignored directory is empty, with a warning") {
  Workspace ws;
  ws.tree.write(".sessyncignore", "/private/\n");
  ws.tree.write("private/.sessyncignore", "!*\n");
  ws.tree.write("private/sub/a", "a");
  const ports::SourceFiles found = ws.files(directory_source("private/sub"));
  CHECK(found.files.empty());
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings.front().find("ignored") != std::string::npos);
}

TEST_CASE("An ignore file that cannot be read holds its directory back") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.write("sub/b", "b");
  REQUIRE(::mkfifo(ws.tree.at("sub/.sessyncignore").c_str(), 0600) == 0);
  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"a"});
  CHECK(found.unreadable_directories == Lines{"sub"});
  CHECK_THAT(ws.unavailable(directory_source("sub")).message, Contains("cannot be read"));

  ws.tree.remove("sub/.sessyncignore");
  ws.tree.link("sub/.sessyncignore", "not-there-yet");
  CHECK(ws.files(directory_source("")).unreadable_directories == Lines{"sub"});
  ws.tree.write("sub/not-there-yet", "b\n");
  CHECK(paths(ws.files(directory_source(""))) == Lines{"a", "sub/not-there-yet"});
}

TEST_CASE("A changed ignore file is seen, an unchanged one is not read again") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.write("b", "b");
  workspace::DigestCache cache;
  workspace::Scanner scanner(cache, ws.options);
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("")}};
  const auto scan = [&] {
    return paths(
        std::get<ports::SourceFiles>(scanner.scan({ws.workspace, {}, resources}).sources[0]));
  };
  CHECK(scan() == Lines{"a", "b"});
  ws.tree.write(".sessyncignore", "a");
  CHECK(scan() == Lines{"b"});
  ws.tree.write(".sessyncignore", "b");
  CHECK(scan() == Lines{"a"});
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string all;
  std::array<char, 4096> part{};
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), pipe.get())) {
    all.append(part.data(), got);
  }
  return all;
}

TEST_CASE("git agrees about nested ignore files") {
  Workspace ws;
  const std::vector<std::pair<std::string, std::string>> ignores = {
      {"", "*.o\n!important.o\n/top\nlogs/\n**/cache\ndoc/*.txt\n"},
      {"a/", "!*.o\ntop\n!cache\n"},
      {"a/b/", "*\n!*/\n!keep*\n"},
      {"logs/", "!*\n"}};
  for (const auto& [directory, text] : ignores) {
    ws.tree.write(directory + ".gitignore", text);
    ws.tree.write(directory + ".sessyncignore", text);
  }
  for (const auto* directory : {"", "a/", "a/b/", "a/b/c/", "a/cache/", "logs/", "a/logs/", "doc/",
                                "doc/deep/", "x/cache/", "top/"}) {
    for (const auto* name : {"m.o", "important.o", "keep.txt", "n.txt"}) {
      ws.tree.write(directory + std::string(name), "x");
    }
  }
  const std::string git = "cd '" + ws.tree.path() + "' && git init -q . 2>/dev/null && ";
  const std::string listed =
      output_of(git + "git ls-files --others --exclude-standard | grep -v ignore$ | LC_ALL=C sort");
  if (listed.empty()) {
    WARN("needs git");
    return;
  }
  std::string ours;
  for (const std::string& path : paths(ws.files(directory_source("", {}, {".gitignore"})))) {
    ours += path + "\n";
  }
  CHECK(ours == listed);
}

}  // namespace
}  // namespace sessync::test
