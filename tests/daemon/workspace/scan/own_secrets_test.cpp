#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "daemon/workspace/scan/survey.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;
using Rule = ports::LeftOut::Rule;
using LeftOut = std::vector<ports::LeftOut>;

std::vector<std::size_t> secrets_in(Workspace& ws,
                                    const std::vector<manifest::ResourceVariant>& entries) {
  std::vector<manifest::ResourceSpec> resources;
  resources.reserve(entries.size());
  for (const auto& entry : entries) resources.push_back({.at = {}, .what = entry});
  return workspace::survey({.workspace = ws.workspace,
                            .manifests = {},
                            .resources = resources,
                            .secrets = std::make_shared<workspace::SecretPlaces>(ws.secrets)})
      .secrets;
}

TEST_CASE("A secret of sessync's own is no source, under no name and whatever is allowed") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.write("token", "secret");
  ws.tree.link("to-token", "token");
  std::filesystem::create_hard_link(ws.tree.at("token"), ws.tree.at("sub-token"));
  ws.secrets.files = {ws.tree.at("token"), ws.tree.at("not-there-yet")};

  auto entry = directory_source("", {"*", "token", "sub-token", "to-token"});
  entry.allow = {"token", "sub-token", "to-token"};
  const auto found = ws.files(entry);
  CHECK(paths(found) == Lines{"a"});
  CHECK(found.left_out == LeftOut{{"sub-token", false, Rule::kOwnSecret},
                                  {"to-token", false, Rule::kOwnSecret},
                                  {"token", false, Rule::kOwnSecret}});

  for (const auto* name : {"token", "to-token", "sub-token", "not-there-yet"}) {
    auto single = file_source(name);
    single.allow = {"token"};
    const auto refused = ws.files(single);
    CHECK(refused.files.empty());
    REQUIRE(issue_paths(refused) == Lines{""});
    CHECK(refused.issues.front().kind == ports::ScanIssue::Kind::kSecret);
    CHECK_THAT(refused.issues.front().message, Contains("secret of sessync's own"));
  }
  CHECK(secrets_in(ws, {file_source("a"), file_source("token"), file_source("to-token"),
                        directory_source(""), file_source("sub-token"),
                        file_source("not-there-yet"), file_source("gone")}) ==
        std::vector<std::size_t>{1, 2, 4, 5});
}

TEST_CASE("What has the inode that a secret had before it was replaced is none") {
  const TempTree tree;
  tree.write("token", "first");
  tree.write("new", "second");
  std::filesystem::create_hard_link(tree.at("token"), tree.at("another"));
  const workspace::OwnSecrets secrets({.files = {tree.at("token")}, .directories = {}}, tree.path(),
                                      tree.path());
  struct stat status{};
  REQUIRE(::stat(tree.at("another").c_str(), &status) == 0);
  CHECK(secrets.is(status.st_dev, status.st_ino));
  std::filesystem::rename(tree.at("new"), tree.at("token"));
  CHECK_FALSE(secrets.is(status.st_dev, status.st_ino));
  CHECK(secrets.names("token"));
}

TEST_CASE("A directory of secrets is left out whole, and what is in it under other names") {
  Workspace ws;
  ws.tree.write("a", "a");
  ws.tree.write("private/..data/key", "secret");
  ws.tree.link("private/key", "..data/key");
  ws.tree.link("inside", "private/..data/key");
  std::filesystem::create_hard_link(ws.tree.at("private/..data/key"), ws.tree.at("hard"));
  ws.secrets.directories = {ws.tree.at("private")};

  const auto found = ws.files(directory_source(""));
  CHECK(paths(found) == Lines{"a"});
  CHECK(found.left_out == LeftOut{{"hard", false, Rule::kOwnSecret},
                                  {"inside", false, Rule::kOwnSecret},
                                  {"private", true, Rule::kOwnSecret}});
  const auto itself = ws.files(directory_source("private"));
  CHECK(itself.files.empty());
  CHECK(issue_paths(itself) == Lines{""});
  CHECK(secrets_in(ws, {file_source("private/key"), file_source("private/other")}) ==
        std::vector<std::size_t>{0, 1});
}

TEST_CASE("A directory of secrets that holds the workspace, or is it, leaves nothing out") {
  Workspace ws;
  ws.tree.write("a", "a");
  for (const auto& directory :
       {ws.tree.path(), std::filesystem::path(ws.tree.path()).parent_path().string(),
        std::string("/")}) {
    ws.secrets.directories = {directory};
    CHECK(paths(ws.files(directory_source(""))) == Lines{"a"});
  }
}

TEST_CASE("A link in a directory of secrets makes a secret of a file, not of a directory") {
  Workspace ws;
  const TempTree elsewhere;
  ws.tree.write("data/a", "a");
  ws.tree.write("token", "secret");
  elsewhere.link("data", ws.tree.at("data"));
  elsewhere.link("token", ws.tree.at("token"));
  ws.secrets.directories = {elsewhere.path()};
  CHECK(paths(ws.files(directory_source(""))) == Lines{"data/a"});
}

}  // namespace
}  // namespace sessync::test
