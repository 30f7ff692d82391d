#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kTerabyte = 1'000'000'000'000;

void make_sparse(const TempTree& tree, const std::string& name, std::uint64_t size) {
  tree.write(name, "");
  std::filesystem::resize_file(tree.at(name), size);
}

/// As long as it lives, no more descriptors can be had than are open now.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const os::UniqueFd next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit none{static_cast<rlim_t>(next.get()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE(
    "A file above the limit is blocked by its size alone, as one, in a directory, behind a link") {
  Workspace ws;
  make_sparse(ws.tree, "d/big", kTerabyte);
  ws.tree.write("d/small", "s");
  std::filesystem::create_symlink("big", ws.tree.at("d/link"));
  workspace::Scanner scanner(ws.cache, ws.options);
  const std::vector<manifest::ResourceSpec> resources{
      {{}, directory_source("d")}, {{}, file_source("d/big")}, {{}, file_source("d/link")}};
  const auto snapshot = scanner.scan({ws.workspace, {}, resources, "s", 500'000'000});
  const auto& files = std::get<ports::SourceFiles>(snapshot.sources.at(0));
  CHECK(paths(files) == Lines{"small"});
  CHECK(issue_paths(files) == Lines{"big", "link"});
  for (const auto& source : snapshot.sources) {
    for (const auto& issue : std::get<ports::SourceFiles>(source).issues) {
      CHECK(issue.kind == ports::ScanIssue::Kind::kTooLarge);
      CHECK(issue.message.find("max_file_size is 500MB") != std::string::npos);
    }
  }
  CHECK(issue_paths(std::get<ports::SourceFiles>(snapshot.sources.at(2))) == Lines{""});
  CHECK(scanner.statistics().bytes_read == 1);
}

TEST_CASE("A file of exactly the limit is none too many") {
  Workspace ws;
  ws.tree.write("a", "12345");
  workspace::Scanner scanner(ws.cache, ws.options);
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("")}};
  const auto fits = scanner.scan({ws.workspace, {}, resources, "s", 5});
  CHECK(paths(std::get<ports::SourceFiles>(fits.sources.front())) == Lines{"a"});
  const auto too_large = scanner.scan({ws.workspace, {}, resources, "s", 4});
  CHECK(issue_paths(std::get<ports::SourceFiles>(too_large.sources.front())) == Lines{"a"});
}

TEST_CASE("A large file is read to its end by whoever waits") {
  Workspace ws;
  make_sparse(ws.tree, "big", workspace::ReadPool::kLarge + 1);
  ws.tree.write("small", "s");
  const ports::SourceFiles found = ws.files(directory_source(""));
  REQUIRE(found.files.size() == 2);
  CHECK(found.files[0].sha256 == digest_of(std::string(workspace::ReadPool::kLarge + 1, '\0')));
  CHECK(found.files[0].size == workspace::ReadPool::kLarge + 1);
}

TEST_CASE(
    "Beside a file that takes hours the others are read, and it is said that it is being read") {
  Workspace ws;
  make_sparse(ws.tree, "big", kTerabyte);
  ws.tree.write("small", "s");
  workspace::Scanner scanner(ws.cache, ws.options);
  scanner.pool().read_beside(1ms, {});
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("")},
                                                      {{}, file_source("big")}};
  const auto snapshot =
      scanner.scan({.workspace = ws.workspace, .manifests = {}, .resources = resources});
  const auto& files = std::get<ports::SourceFiles>(snapshot.sources.front());
  CHECK(paths(files) == Lines{"small"});
  REQUIRE(issue_paths(files) == Lines{"big"});
  CHECK(files.issues.front().kind == ports::ScanIssue::Kind::kUnread);
  CHECK(files.issues.front().size == kTerabyte);
  CHECK(files.issues.front().message.find("of 1000.0 GB") != std::string::npos);
  CHECK(issue_paths(std::get<ports::SourceFiles>(snapshot.sources.at(1))) == Lines{""});
}

TEST_CASE("A pass of the daemon reads its share of small files, and comes again for the rest") {
  Workspace ws;
  constexpr int kFiles = 40;
  for (int i = 0; i < kFiles; ++i) make_sparse(ws.tree, "f" + std::to_string(i), 100'000);
  ws.options.share = 1'000'000;
  workspace::Scanner scanner(ws.cache, ws.options);
  std::vector<std::string> told;
  scanner.pool().read_beside(60s, [&told](const std::string& session) { told.push_back(session); });
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("")}};
  const workspace::ScanRequest request{
      .workspace = ws.workspace, .manifests = {}, .resources = resources, .session = "s"};
  const auto first = scanner.scan(request);
  const auto& some = std::get<ports::SourceFiles>(first.sources.front());
  CHECK(some.files.size() < kFiles);
  CHECK(some.files.size() + some.issues.size() == kFiles);
  CHECK(scanner.statistics().bytes_read <= ws.options.share);
  REQUIRE_FALSE(some.issues.empty());
  CHECK(some.issues.front().kind == ports::ScanIssue::Kind::kUnread);
  CHECK(some.issues.front().message.find("other sessions have their turn") != std::string::npos);
  CHECK(told == std::vector<std::string>{"s"});
}

TEST_CASE("A scan that is stopped in the middle of a file comes to its end") {
  Workspace ws;
  make_sparse(ws.tree, "big", kTerabyte);
  workspace::Scanner scanner(ws.cache, ws.options);
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("")}};
  const std::jthread stop([&] {
    while (scanner.statistics().bytes_read == 0) std::this_thread::yield();
    scanner.pool().stop();
  });
  const auto snapshot =
      scanner.scan({.workspace = ws.workspace, .manifests = {}, .resources = resources});
  CHECK(std::get<ports::SourceFiles>(snapshot.sources.front()).issues.front().kind ==
        ports::ScanIssue::Kind::kUnread);
}

TEST_CASE("Without descriptors nothing is said of the sources, only that they could not be read") {
  Workspace ws;
  ws.tree.write("d/e/f", "f");
  ws.tree.write("g", "g");
  workspace::Scanner scanner(ws.cache, ws.options);
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("d")},
                                                      {{}, file_source("g")}};
  const workspace::ScanRequest request{
      .workspace = ws.workspace, .manifests = {}, .resources = resources};
  {
    const NoDescriptors none;
    CHECK(scanner.scan(request).shortage == "Too many open files");
  }
  const auto again = scanner.scan(request);
  CHECK_FALSE(again.shortage);
  CHECK(paths(std::get<ports::SourceFiles>(again.sources.front())) == Lines{"e/f"});
}

TEST_CASE("At whatever descriptor a scan runs out, it says so or has seen everything") {
  const Workspace ws;
  ws.tree.write("d/.sessyncignore", "x\n");
  ws.tree.write("d/e/f", "f");
  std::filesystem::create_symlink("e/f", ws.tree.at("d/link"));
  const std::vector<manifest::ResourceSpec> resources{{{}, directory_source("d")},
                                                      {{}, file_source("d/e/f")}};
  int complete = 0;
  for (int spare = 0; spare < 8; ++spare) {
    workspace::DigestCache cold;
    workspace::Scanner scanner(cold, ws.options);
    std::vector<os::UniqueFd> given_back;
    given_back.reserve(static_cast<std::size_t>(spare));
    for (int i = 0; i < spare; ++i)
      given_back.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const NoDescriptors none;
    given_back.clear();
    const auto snapshot =
        scanner.scan({.workspace = ws.workspace, .manifests = {}, .resources = resources});
    if (snapshot.shortage) continue;
    ++complete;
    const auto& files = std::get<ports::SourceFiles>(snapshot.sources.front());
    CHECK(paths(files) == Lines{"e/f", "link"});
    CHECK(files.issues.empty());
    CHECK(files.unreadable_directories.empty());
    CHECK(std::holds_alternative<ports::SourceFiles>(snapshot.sources.at(1)));
  }
  CHECK(complete > 0);
}

}  // namespace
}  // namespace sessync::test
