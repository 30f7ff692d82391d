#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;
using Rule = ports::LeftOut::Rule;

bool has_one(const Lines& lines, const std::string& first, const std::string& second) {
  return std::ranges::count_if(lines, [&](const std::string& line) {
           return line.starts_with(first) && line.find(second) != std::string::npos;
         }) == 1;
}

void make_socket(const TempTree& tree, const char* name) {
  const os::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(socket.get() >= 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  tree.at(name).copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

/// This thread reads files as nobody until the end of the scope; root ignores permissions.
class AsNobody {
 public:
  AsNobody() { ::setfsuid(kNobody); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() { ::setfsuid(::geteuid()); }

 private:
  static constexpr uid_t kNobody = 65534;
};

TEST_CASE("What is no regular file is skipped with one warning each, never opened") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.directory("sub/inner");
  REQUIRE(::mkfifo(ws.tree.at("pipe").c_str(), 0600) == 0);
  make_socket(ws.tree, "sock");
  ws.tree.link("dangling", "nowhere");
  ws.tree.link("loop", "loop");
  ws.tree.link("ping", "pong");
  ws.tree.link("pong", "ping");
  ws.tree.link("escape", "../../../../etc/passwd");
  ws.tree.link("absolute", ws.tree.at("a"));
  ws.tree.link("todir", "sub");
  ws.tree.link("sub/inner/back", "../..");
  ws.tree.link("topipe", "pipe");
  ws.tree.link("magic", "/proc/self/fd/0");
  ws.tree.link("good", "a");

  const ports::SourceFiles found = ws.files(directory_source(""));

  CHECK(paths(found) == Lines{"a", "good"});
  CHECK(found.files[1].sha256 == digest_of("a"));
  CHECK(has_one(found.warnings, "pipe is", "FIFO"));
  CHECK(has_one(found.warnings, "sock is", "socket"));
  CHECK(has_one(found.warnings, "dangling is", "does not exist"));
  for (const auto* name : {"loop", "ping", "pong"}) {
    CHECK(has_one(found.warnings, name + std::string(" is"), "itself"));
  }
  for (const auto* name : {"escape", "absolute", "magic"}) {
    CHECK(has_one(found.warnings, name + std::string(" is"), "out of the workspace"));
  }
  CHECK(has_one(found.warnings, "todir is", "directory"));
  CHECK(has_one(found.warnings, "sub/inner/back is", "directory"));
  CHECK(has_one(found.warnings, "topipe is", "symlink to a FIFO"));
  CHECK(found.warnings.size() == 12);
  CHECK(found.issues.empty());
}

TEST_CASE("A device is skipped with a warning") {
  Workspace ws;
  if (::mknod(ws.tree.at("zero").c_str(), S_IFCHR | 0600U, makedev(1, 5)) != 0) {
    WARN("needs CAP_MKNOD");
    return;
  }
  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(found.files.empty());
  CHECK(has_one(found.warnings, "zero is", "device"));
}

TEST_CASE("What is not selected is not warned of") {
  Workspace ws;
  REQUIRE(::mkfifo(ws.tree.at("pipe").c_str(), 0600) == 0);
  ws.tree.link("dangling.txt", "nowhere");
  ws.tree.write("a.py", "a");
  const ports::SourceFiles found = ws.files(directory_source("", {"/*.py"}));
  CHECK(paths(found) == Lines{"a.py"});
  CHECK(found.warnings.empty());
}

TEST_CASE(
    "What a file system keeps in lost+found is left out, and what was mounted from it stays") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.write("lost+found/#12", "b");
  ws.tree.write("sub/lost+found/#13", "c");
  const auto found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"a"});
  CHECK(found.left_out == std::vector<ports::LeftOut>{{"lost+found", true, Rule::kLately},
                                                      {"sub/lost+found", true, Rule::kLately}});
  CHECK(found.warnings.empty());
  const auto asked = ws.files(directory_source("", {"lost+found/"}));
  CHECK(asked.left_out.empty());
}

TEST_CASE("What the user leaves out himself is not left out by default") {
  Workspace ws;
  for (const auto* name : {"a.key", "b.key", "c.key", "sub/.ssh/config", "d"}) {
    ws.tree.write(name, name);
  }
  ws.tree.write(".sessyncignore", "c.key\n");
  CHECK(ws.files(directory_source("", {}, {"b.key"})).left_out.size() == 2);
  CHECK(ws.files(directory_source("", {"/d"})).left_out.empty());
  auto entry = directory_source("");
  entry.allow = {"a.key", ".ssh"};
  const auto found = ws.files(entry);
  CHECK(paths(found) == Lines{"a.key", "d", "sub/.ssh/config"});
  CHECK(found.left_out ==
        std::vector<ports::LeftOut>{{"b.key", false, ports::LeftOut::Rule::kLately}});
}

TEST_CASE("A link to what is left out since lately is left out since lately") {
  Workspace ws;
  ws.tree.write(".aws/config", "secret");
  ws.tree.write(".env", "secret");
  ws.tree.link("a", ".aws/config");
  ws.tree.link("b", ".env");
  CHECK(ws.files(directory_source("")).left_out ==
        std::vector<ports::LeftOut>{{".aws", true, Rule::kLately},
                                    {".env", false, Rule::kUsual},
                                    {"a", false, Rule::kLately, ".aws"},
                                    {"b", false, Rule::kUsual, ".env"}});
}

TEST_CASE("A symlink to a default exclusion is skipped, also through a directory or the manifest") {
  Workspace ws;
  ws.tree.write(".env", "secret");
  ws.tree.write(".git/config", "secret");
  ws.tree.write("sessync.yaml", "manifest");
  ws.manifests = {ws.tree.at("sessync.yaml")};
  ws.tree.link("a", ".env");
  ws.tree.link("b", ".git/config");
  ws.tree.link("c", "sessync.yaml");
  const ports::SourceFiles found = ws.files(directory_source("", {"*", "!*.yaml"}));
  CHECK(found.files.empty());
  CHECK(has_one(found.warnings, "a is a symlink to .env", "never mirrored"));
  CHECK(has_one(found.warnings, "b is a symlink to .git/config", "never mirrored"));
  CHECK(has_one(found.warnings, "c is a symlink to sessync.yaml", "never mirrored"));
}

TEST_CASE("The links of a ConfigMap volume are followed through its generation") {
  Workspace ws;
  ws.tree.write("..2026_1/app.conf", "one");
  ws.tree.write("..2026_1/.env", "secret");
  ws.tree.link("..data", "..2026_1");
  ws.tree.link("app.conf", "..data/app.conf");
  ws.tree.link("env", "..data/.env");
  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"app.conf"});
  CHECK(found.files.front().sha256 == digest_of("one"));
}

TEST_CASE("Odd names") {
  Workspace ws;
  const std::string long_name(255, 'n');
  const Lines fine = {
      "a \"quoted\" %41 name", "caf\xc3\xa9",      " leading", "trailing ", long_name,
      "back\\slash",           "\xf0\x9f\x98\x80", "*"};
  const Lines refused = {"new\nline",        "tab\t",           "del\x7f",     "\xff\xfe",
                         "over\xc0\xaflong", "\xed\xa0\x80sur", "cut\xe2\x82", "dir\x01/below"};
  for (const std::string& name : fine) ws.tree.write(name, name);
  for (const std::string& name : refused) ws.tree.write(name, name);

  const ports::SourceFiles found = ws.files(directory_source(""));

  Lines expected = fine;
  std::ranges::sort(expected);
  CHECK(paths(found) == expected);
  expected = refused;
  std::ranges::sort(expected);
  CHECK(issue_paths(found) == expected);
  for (const ports::ScanIssue& issue : found.issues) {
    CHECK(issue.kind == ports::ScanIssue::Kind::kInvalidName);
    CHECK(std::ranges::none_of(issue.message, [](char c) { return c == '\n' || c == '\xff'; }));
  }
}

TEST_CASE("An unreadable file is an issue, an unreadable directory protects what is below it") {
  Workspace ws;
  ws.tree.write("fine", "x");
  ws.tree.write("closed", "x");
  ws.tree.write("shut/inner", "x");
  ::chmod(ws.tree.path().c_str(), 0755);
  ::chmod(ws.tree.at("fine").c_str(), 0644);
  ::chmod(ws.tree.at("closed").c_str(), 0);
  ::chmod(ws.tree.at("shut").c_str(), 0);
  const AsNobody nobody;

  const ports::SourceFiles found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"fine"});
  REQUIRE(issue_paths(found) == Lines{"closed"});
  CHECK(found.issues.front().kind == ports::ScanIssue::Kind::kUnreadable);
  CHECK(found.unreadable_directories == Lines{"shut"});
  CHECK(has_one(found.warnings, "shut cannot be read", "stays"));

  CHECK_THAT(ws.unavailable(file_source("closed")).message, Contains("cannot be read"));
  CHECK_THAT(ws.unavailable(directory_source("shut")).message, Contains("cannot be read"));
  CHECK_THAT(ws.unavailable(file_source("shut/inner")).message, Contains("cannot be read"));
}

TEST_CASE("An unreadable workspace makes its sources unavailable") {
  Workspace ws;
  ws.tree.write("a", "x");
  ::chmod(ws.tree.path().c_str(), 0);
  const AsNobody nobody;
  CHECK_THAT(ws.unavailable(directory_source("")).message, Contains("cannot be read"));
  CHECK_THAT(ws.unavailable(file_source("a")).message, Contains("cannot be read"));
}

}  // namespace
}  // namespace sessync::test
