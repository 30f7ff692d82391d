#include "daemon/app/sandbox_places.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/daemon/os/temp_tree.h"

/// What a sandbox leaves open for a path, as things lie now.
namespace sessync::test {
namespace {

/// What is read, in the order of its rules, without what the directory of the test is called.
std::vector<std::string> read_of(const app::SandboxPlaces& places, const TempTree& tree) {
  const auto root = std::filesystem::canonical(tree.path()).string();
  std::vector<std::string> paths;
  const auto rules = places.rules().value();
  for (const auto& rule : rules) {
    CHECK(rule.right == os::FileRule::Right::kRead);
    paths.push_back(rule.path == root ? "." : rule.path.substr(root.size() + 1));
  }
  return paths;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("a directory is open itself, a file with what lies beside it") {
  const TempTree tree;
  tree.write("etc/sessync.yaml", "");
  app::SandboxPlaces places;
  places.read("the manifest", tree.at("etc/sessync.yaml"));
  places.read("the workspace", tree.at("etc"));
  CHECK(read_of(places, tree) == Paths{"etc", "etc"});
}

TEST_CASE("the directory that holds a link is open, so that what the link leads to later is") {
  const TempTree tree;
  tree.write("git/.worktrees/1/src/a", "");
  tree.link("git/current", ".worktrees/1");
  app::SandboxPlaces places;
  places.read("the workspace", tree.at("git/current/src"));
  CHECK(read_of(places, tree) == Paths{"git", "git/.worktrees/1/src"});
}

TEST_CASE(
    "a link that leads out of its directory, at whatever place of a path, cannot be covered") {
  const TempTree tree;
  tree.write("elsewhere/2/src/a", "");
  tree.write("links/1/src/a", "");
  tree.link("links/out", "../elsewhere/2");
  tree.link("links/absolute", tree.at("elsewhere/2"));
  tree.link("links/1/deeper", "../out");
  for (const char* path : {"links/out", "links/out/src", "links/absolute", "links/1/deeper"}) {
    INFO(path);
    app::SandboxPlaces places;
    places.read("the workspace", tree.at(path));
    const auto rules = places.rules();
    REQUIRE_FALSE(rules);
    CHECK(rules.error().find("the workspace " + tree.at(path)) == 0);
    CHECK(rules.error().find("leads out of its directory") != std::string::npos);
  }
}

TEST_CASE("what is not there yet is covered by the directory in which it will be") {
  const TempTree tree;
  tree.directory("git");
  app::SandboxPlaces places;
  places.read("the workspace", tree.at("git/current"));
  CHECK(read_of(places, tree) == Paths{"git"});
  tree.link("git/current", ".worktrees/1");
  app::SandboxPlaces later;
  later.read("the workspace", tree.at("git/current"));
  CHECK(read_of(later, tree) == Paths{"git", "git"});
}

TEST_CASE("what takes a workspace's place is open, but not all of a home directory") {
  const TempTree tree;
  tree.directory("srv/work");
  app::SandboxPlaces places;
  places.read_successors(tree.at("srv/work"), tree.at("home"));
  CHECK(read_of(places, tree) == Paths{"srv"});
  app::SandboxPlaces at_home;
  at_home.read_successors(tree.at("srv/work"), tree.at("srv"));
  at_home.read_successors("/work", tree.at("srv"));
  CHECK(read_of(at_home, tree).empty());
}

TEST_CASE("a directory that is not there cannot be written to, and the first such thing is told") {
  const TempTree tree;
  app::SandboxPlaces places;
  places.allow(os::FileRule::Right::kChange, "the state directory", tree.at("state"));
  places.allow(os::FileRule::Right::kScratch, "the directory for temporary files", tree.at("tmp"));
  CHECK(places.rules().error() == "the state directory " + tree.at("state") + " is not there");
  tree.directory("state");
  app::SandboxPlaces good;
  good.allow(os::FileRule::Right::kChange, "the state directory", tree.at("state"));
  REQUIRE(good.rules());
  CHECK(good.rules()->front().right == os::FileRule::Right::kChange);
}

TEST_CASE("a file of the system is covered where it is or will be, if that is known") {
  const TempTree tree;
  tree.directory("run/resolve");
  tree.link("etc/resolv.conf", tree.at("run/resolve/stub.conf"));
  app::SandboxPlaces places;
  places.read_system_file("the file", tree.at("etc/resolv.conf"));
  CHECK(read_of(places, tree) == Paths{"run/resolve"});
  places.read_system_file("the file", "/missing/resolv.conf");
  CHECK_FALSE(places.rules());
}

}  // namespace sessync::test
