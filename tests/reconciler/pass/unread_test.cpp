#include <catch2/catch.hpp>

#include "reconciler/condition.h"
#include "tests/reconciler/world.h"

namespace sessync::test {
namespace {

using Held = std::map<std::string, std::string>;

}  // namespace

TEST_CASE(
    "a file that is still being read keeps nothing else waiting, and what is at its path stays") {
  World w;
  w.file("big", "old");
  w.file("small", "one");
  REQUIRE(w.settle().converged());
  w.unread("big", 1'000'000);
  w.file("small", "two");
  w.file("new", "three");
  const auto outcome = w.pass();
  CHECK(w.held() == Held{{"/big", "old"}, {"/small", "two"}, {"/new", "three"}});
  CHECK_FALSE(outcome.settled());
  CHECK(outcome.plan.blocked.empty());
  REQUIRE(outcome.plan.pending.size() == 1);
  const auto conditions = reconciler::conditions_of(outcome);
  CHECK(conditions[0].reason == "Progressing");
  CHECK(conditions[0].message == "/big: is being read");
  CHECK(conditions[1].status);        // Reconciling
  CHECK_FALSE(conditions[2].status);  // Stalled
  w.file("big", "read");
  REQUIRE(w.settle().converged());
  CHECK(w.held() == w.wanted());
}

TEST_CASE("a large file that was renamed stays at its old path until the new one is read") {
  World w;
  w.file("big", "12345");
  w.file("other", "1234567");
  REQUIRE(w.settle().converged());
  w.remove("big");
  w.remove("other");
  w.unread("renamed", 5);
  w.pass();
  CHECK(w.held() == Held{{"/big", "12345"}});
  w.file("renamed", "12345");
  REQUIRE(w.settle().converged());
  CHECK(w.held() == Held{{"/renamed", "12345"}});
}

TEST_CASE("an archive with a member that is still being read is pending, not blocked") {
  manifest::SessionSpec spec;
  spec.resources.push_back(
      {{},
       manifest::ArchiveResource{"c", {}, {}, manifest::ArchiveResource::Format::kZip, "/c.zip"}});
  ports::SourceFiles found;
  found.files = {{"a", std::string(64, 'a'), 1}};
  found.issues = {{"b", ports::ScanIssue::Kind::kUnread, "is being read", 7}};
  const auto desired = desired::resolve(spec, {"/w", {found}});
  CHECK(desired.files.empty());
  CHECK(desired.blocked.empty());
  REQUIRE(desired.unread.size() == 1);
  CHECK(desired.unread[0].path.text() == "/c.zip");
  CHECK(desired.kept.contains(desired.unread[0].path));
}

TEST_CASE("what is larger than max_file_size is blocked, alone and in an archive, and stays") {
  manifest::SessionSpec spec;
  spec.resources.push_back({{}, manifest::DirectoryResource{"d", {}, {}, "/d"}});
  spec.resources.push_back(
      {{},
       manifest::ArchiveResource{
           "d", {}, {}, manifest::ArchiveResource::Format::kTarGz, "/d.tar.gz"}});
  ports::SourceFiles found;
  found.files = {{"a", std::string(64, 'a'), 1}};
  found.issues = {{"b", ports::ScanIssue::Kind::kTooLarge, "has 600 MB"}};
  const auto desired = desired::resolve(spec, {"/w", {found, found}});
  REQUIRE(desired.blocked.size() == 2);
  for (const auto& blocked : desired.blocked) {
    CHECK(blocked.code == desired::BlockCode::kTooLarge);
    CHECK(std::string(desired::to_string(blocked.code)) == "too_large");
    CHECK(desired.kept.contains(blocked.path));
  }
}

}  // namespace sessync::test
