#include <atomic>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("A file that changes once while it is read is read again") {
  Workspace ws;
  ws.tree.write("a", "before");
  int reads = 0;
  const auto disturb = GENERATE(0, 1, 2, 3);
  ws.options.after_read = [&](const std::string&) {
    if (reads++ > 0) return;
    if (disturb == 0) ws.tree.append("a", " and after");
    if (disturb == 1) ws.tree.write("a", "changed");
    if (disturb == 2) ws.tree.write("a", "short");
    if (disturb == 3) {
      ws.tree.write("new", "replaced");
      ws.tree.rename("new", "a");
    }
  };
  const ports::SourceFiles found = ws.files(file_source("a"));
  const Lines expected = {"before and after", "changed", "short", "replaced"};
  REQUIRE(found.files.size() == 1);
  CHECK(found.files.front().sha256 == digest_of(expected[static_cast<std::size_t>(disturb)]));
  CHECK(reads == 2);
}

TEST_CASE("A file that changes each time it is read is unstable, the others go on") {
  Workspace ws;
  ws.tree.write("log", "x");
  ws.tree.write("quiet", "x");
  ws.options.after_read = [&](const std::string& path) {
    if (path == "log") ws.tree.append("log", "more");
  };
  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"quiet"});
  REQUIRE(found.issues.size() == 1);
  CHECK(found.issues.front().path == "log");
  CHECK(found.issues.front().kind == ports::ScanIssue::Kind::kUnstable);

  const ports::SourceFiles single = ws.files(file_source("log"));
  REQUIRE(single.issues.size() == 1);
  CHECK(single.issues.front().kind == ports::ScanIssue::Kind::kUnstable);
}

TEST_CASE("A file that vanishes while it is read is as if it had never been") {
  Workspace ws;
  ws.tree.write("a", "x");
  ws.tree.write("b", "x");
  ws.options.after_read = [&](const std::string& path) {
    if (path == "a") ws.tree.remove("a");
  };
  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"b"});
  CHECK(found.issues.empty());
}

TEST_CASE("A single file that vanishes while it is read is missing") {
  Workspace ws;
  ws.tree.write("a", "x");
  ws.options.after_read = [&](const std::string&) { ws.tree.remove("a"); };
  CHECK_THAT(ws.unavailable(file_source("a")).message, Contains("does not exist"));
}

TEST_CASE("A file that becomes something else while it is read never blocks and never leaks") {
  Workspace ws;
  ws.tree.write("a", "x");
  ws.tree.write(".env", "secret");
  ws.options.after_read = [&](const std::string&) {
    ws.tree.remove("a");
    ws.tree.link("a", ".env");
  };
  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(found.files.empty());
}

TEST_CASE("A file that is being written is waited for") {
  Workspace ws;
  ws.options.settle = std::chrono::milliseconds{0};
  ws.tree.write("a", "half");
  os::UniqueFd writer(::open(ws.tree.at("a").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  std::thread finish([&] {
    CHECK(::write(writer.get(), " whole", 6) == 6);
    writer = os::UniqueFd();
  });
  const ports::SourceFiles found = ws.files(file_source("a"));
  finish.join();
  REQUIRE(found.files.size() == 1);
  CHECK(found.files.front().sha256 == digest_of("half whole"));
}

TEST_CASE("A link whose target is swapped for a new generation is no lost file") {
  Workspace ws;
  ws.tree.write("..1/app.conf", "one");
  ws.tree.link("..data", "..1");
  ws.tree.link("app.conf", "..data/app.conf");
  bool swapped = false;
  ws.options.after_read = [&](const std::string&) {
    if (std::exchange(swapped, true)) return;
    ws.tree.write("..2/app.conf", "two");
    ws.tree.link("..data_tmp", "..2");
    ws.tree.rename("..data_tmp", "..data");
    ws.tree.remove("..1");
  };
  const auto read_two = [](const ports::SourceFiles& found) {
    REQUIRE(found.files.size() == 1);
    CHECK(found.files.front().sha256 == digest_of("two"));
  };
  SECTION("in a directory") { read_two(ws.files(directory_source(""))); }
  SECTION("alone") { read_two(ws.files(file_source("app.conf"))); }
}

TEST_CASE("A workspace link that is swapped during the scan: the scan starts again") {
  Workspace ws;
  ws.tree.write("rev1/a", "one");
  ws.tree.write("rev1/b", "one");
  ws.tree.write("rev2/a", "two");
  ws.tree.write("rev2/b", "two");
  ws.tree.link("link", "rev1");
  ws.workspace = ws.tree.at("link");
  bool swapped = false;
  ws.options.after_read = [&](const std::string&) {
    if (std::exchange(swapped, true)) return;
    ws.tree.link("tmp", "rev2");
    ws.tree.rename("tmp", "link");
    ws.tree.remove("rev1");
  };
  const ports::SourceFiles found = ws.files(directory_source(""));
  REQUIRE(paths(found) == Lines{"a", "b"});
  for (const ports::ScannedFile& file : found.files) CHECK(file.sha256 == digest_of("two"));
}

TEST_CASE("A workspace that is removed during the scan is unavailable, not empty") {
  Workspace ws;
  ws.tree.write("ws/a", "one");
  ws.workspace = ws.tree.at("ws");
  ws.options.after_read = [&](const std::string&) { ws.tree.remove("ws"); };
  CHECK_THAT(ws.unavailable(directory_source("")).message, Contains("does not exist"));
}

TEST_CASE("A workspace that never stays the same is unavailable") {
  Workspace ws;
  for (const auto* name : {"rev0/a", "rev1/a"}) ws.tree.write(name, name);
  ws.tree.link("link", "rev0");
  ws.workspace = ws.tree.at("link");
  int swaps = 0;
  ws.options.after_read = [&](const std::string&) {
    ws.tree.link("tmp", "rev" + std::to_string(++swaps % 2));
    ws.tree.rename("tmp", "link");
  };
  CHECK(ws.unavailable(file_source("a")).message.find("each time") != std::string::npos);
}

TEST_CASE("A directory that is swapped for a link while it is walked leads nowhere") {
  Workspace ws;
  ws.tree.write("dir/secret", "public");
  ws.tree.write("stash/dir/secret", "public");
  ws.tree.write(".git/secret", "private");
  ws.tree.link("link", ".git");
  std::atomic<bool> stop{false};
  std::thread swapper([&] {
    while (!stop) {
      ::renameat2(AT_FDCWD, ws.tree.at("dir").c_str(), AT_FDCWD, ws.tree.at("link").c_str(),
                  RENAME_EXCHANGE);
    }
  });
  std::size_t taken = 0;
  for (int i = 0; i < 500; ++i) {
    for (const ports::ScannedFile& file : ws.files(directory_source("", {"/dir/*"})).files) {
      ++taken;
      if (file.sha256 == digest_of("private")) FAIL("a byte of .git got out");
    }
  }
  stop = true;
  swapper.join();
  CHECK(taken > 0);
}

}  // namespace
}  // namespace sessync::test
