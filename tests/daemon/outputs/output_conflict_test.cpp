#include "daemon/outputs/output_conflict.h"

#include <catch2/catch.hpp>

#include "daemon/outputs/output_destinations.h"
#include "tests/daemon/outputs/outputs_fixture.h"

using namespace sessync;
using namespace sessync::test;
using Catch::Matchers::Contains;

namespace {

manifest::SessionSpec session(const std::string& name, manifest::ResourceVariant resource) {
  manifest::SessionSpec spec;
  spec.name = name;
  spec.outputs = manifest::OutputsSpec{name, {}};
  spec.resources.push_back({{}, std::move(resource)});
  return spec;
}

}  // namespace

TEST_CASE("a destination at, below or above a source is refused") {
  const auto refused = [](const std::string& destination, const std::set<std::string>& sources) {
    return disk_outputs::output_conflict(destination, "/nowhere/work", sources).has_value();
  };
  CHECK(refused("/nowhere/work/src", {"src"}));
  CHECK(refused("/nowhere/work/src/a/b", {"src"}));
  CHECK(refused("/nowhere/work", {"src"}));
  CHECK(refused("/nowhere", {"src"}));
  CHECK(refused("/nowhere/work/outputs", {""}));
  CHECK(refused("/nowhere/work/a.csv", {"a.csv"}));
  CHECK(refused("/nowhere/work/x/../src/", {"src"}));
  CHECK_FALSE(refused("/nowhere/work/outputs", {"src", "outputs2", "out"}));
  CHECK_FALSE(refused("/nowhere/outputs", {""}));
  CHECK_FALSE(refused("/nowhere/work-outputs", {""}));
  CHECK_FALSE(refused("/nowhere/work/outputs", {}));
}

TEST_CASE("links do not hide that a destination is a source") {
  const TempTree tree;
  tree.directory("work/src/deep");
  tree.link("outputs", tree.at("work/src"));
  tree.link("work/alias", tree.at("elsewhere"));
  tree.directory("elsewhere");
  CHECK(disk_outputs::output_conflict(tree.at("outputs/new/research"), tree.at("work"), {"src"}));
  CHECK(disk_outputs::output_conflict(tree.at("outputs/deep"), tree.at("work"), {"src/deep"}));
  CHECK(disk_outputs::output_conflict(tree.at("elsewhere/research"), tree.at("work"), {"alias"}));
  CHECK_FALSE(
      disk_outputs::output_conflict(tree.at("outputs/deep"), tree.at("work"), {"src/other"}));
}

TEST_CASE("the message says what to change") {
  const auto conflict = disk_outputs::output_conflict("/w/outputs/r", "/w", {""});
  REQUIRE(conflict);
  CHECK_THAT(*conflict, Contains("/w/outputs/r") && Contains("source ./") &&
                            Contains("--outputs-dir") && Contains("narrow the source"));
}

TEST_CASE("outputs never land where sessync reads manifests or secrets") {
  const TempTree tree;
  tree.directory("manifests");
  tree.link("outputs/research", tree.at("manifests"));
  CHECK(disk_outputs::reserved_conflict(tree.at("outputs/research"),
                                        {tree.path(), tree.at("manifests")}));
  CHECK(disk_outputs::reserved_conflict(tree.at("manifests/"), {tree.at("manifests")}));
  CHECK_FALSE(
      disk_outputs::reserved_conflict(tree.at("outputs"), {tree.path(), tree.at("manifests")}));
}

TEST_CASE("a destination is checked against the sources of every session") {
  const TempTree tree;
  const auto reader = session("reader", manifest::DirectoryResource{"outputs/writer", {}, {}, "/"});
  const auto writer = session("writer", manifest::FileResource{"a.csv", "/a.csv"});
  const auto archiver =
      session("archiver", manifest::ArchiveResource{"outputs/archiver/x", {}, {}, {}, "/x"});
  disk_outputs::OutputDestinations destinations({tree.at("outputs"), tree.path(), {tree.path()}});
  CHECK(destinations.open(writer));
  CHECK_FALSE(destinations.open(archiver));
  destinations.declare({reader, writer});
  CHECK_FALSE(destinations.open(writer));
  destinations.declare({writer});
  const auto opened = destinations.open(writer);
  REQUIRE(opened);
  CHECK(put(**opened, "a", "x").empty());
  CHECK(bytes_of(tree.at("outputs/writer/a")) == "x");
}
