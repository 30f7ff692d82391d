#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

/// The API's own cap, which it does not tell: max_files is higher.
namespace sessync {
namespace {

std::string room_file(int number) { return "f" + std::to_string(100 + number); }

World with_cap(std::size_t cap, int files) {
  World world;
  world.model.switches().file_cap = cap;
  world.spec.max_files = 500;
  world.spec.max_deletes = {true, 100};
  for (int i = 0; i < files; ++i) {
    world.file(room_file(i), "content " + std::to_string(i));
  }
  return world;
}

std::size_t rows_held(const World& world) {
  return world.model.file_rows(*world.spec.session_id).size();
}

std::size_t adds_sent(World& world) { return world.api->calls.count(Operation::kAddResource); }

bool all_are(const std::vector<desired::Blocked>& blocked, desired::BlockCode code) {
  return std::ranges::all_of(blocked,
                             [&](const desired::Blocked& one) { return one.code == code; });
}

}  // namespace

TEST_CASE("a cap of the API that is lower than max_files blocks what is too much as quota") {
  auto world = with_cap(20, 24);
  const auto outcome = world.settle();
  CHECK(rows_held(world) == 20);
  CHECK(outcome.settled());
  CHECK(outcome.plan.blocked.size() == 4);
  CHECK(all_are(outcome.plan.blocked, desired::BlockCode::kQuota));
  world.api->calls.clear();
  CHECK(world.pass().settled());
  CHECK(world.api->calls.writes() == 0);
}

TEST_CASE("adding stops once the session is known to be full") {
  auto world = with_cap(20, 120);
  const auto outcome = world.settle();
  CHECK(rows_held(world) == 20);
  CHECK(outcome.plan.blocked.size() == 100);
  CHECK(all_are(outcome.plan.blocked, desired::BlockCode::kQuota));
  // What was under way at once, and one more to be sure.
  CHECK(adds_sent(world) <= 20 + 32 + 1);
  world.file("f999", "one more");
  world.api->calls.clear();
  world.settle();
  CHECK(adds_sent(world) == 0);
}

TEST_CASE("what had no room is added as soon as files are deleted, in the same pass") {
  auto world = with_cap(20, 24);
  world.settle();
  for (const int number : {0, 1, 2, 3, 4, 23}) {
    world.remove(room_file(number));
  }
  const auto planned = world.pass(true);
  CHECK(planned.plan.blocked.empty());
  CHECK(world.pass().converged());
  CHECK(rows_held(world) == 18);
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what had no room is added when somebody else makes room") {
  auto world = with_cap(4, 3);
  const auto theirs = world.somebody_adds("/theirs", "precious");
  world.file(room_file(3), "one more");
  CHECK(world.settle().plan.blocked.size() == 1);
  REQUIRE(world.model.delete_resource(*world.spec.session_id, theirs));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a rename in a full session deletes first and adds then") {
  auto world = with_cap(20, 20);
  CHECK(world.settle().converged());
  world.remove(room_file(7));
  world.file("renamed", "content 7");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  CHECK(world.api->calls.count(Operation::kUpload) == 20);
}

TEST_CASE("a replace whose room somebody else took is made as soon as there is some") {
  auto world = with_cap(20, 20);
  CHECK(world.settle().converged());
  world.file(room_file(7), "edited");
  std::string theirs;
  world.api->on_write = [&](const SessionModel&) {
    if (theirs.empty() && rows_held(world) == 19) theirs = world.somebody_adds("/theirs", "x");
  };
  CHECK(world.settle().settled());
  REQUIRE_FALSE(theirs.empty());
  world.api->calls.clear();
  CHECK(world.pass().settled());
  CHECK(world.api->calls.writes() == 0);
  REQUIRE(world.model.delete_resource(*world.spec.session_id, theirs));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a rename whose room somebody else took is made as soon as there is some") {
  auto world = with_cap(20, 20);
  CHECK(world.settle().converged());
  world.remove(room_file(7));
  world.file("renamed", "content 7");
  std::string theirs;
  world.api->on_write = [&](const SessionModel&) {
    if (theirs.empty() && rows_held(world) == 19) theirs = world.somebody_adds("/theirs", "x");
  };
  const auto outcome = world.settle();
  REQUIRE_FALSE(theirs.empty());
  CHECK(outcome.settled());
  CHECK(all_are(outcome.plan.blocked, desired::BlockCode::kQuota));
  world.api->calls.clear();
  CHECK(world.pass().settled());
  CHECK(world.api->calls.writes() == 0);
  REQUIRE(world.model.delete_resource(*world.spec.session_id, theirs));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("nothing is added whose room was not made") {
  auto world = with_cap(20, 20);
  world.spec.max_files = 20;
  CHECK(world.settle().converged());
  world.remove(room_file(7));
  world.file("f999", "one more");
  world.api->faults.add(once(Operation::kDeleteResource, Fault::of_status(503)));
  world.api->calls.clear();
  CHECK_FALSE(world.pass().settled());
  CHECK(adds_sent(world) == 0);
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a rename in a full session that is refused is put back") {
  auto world = with_cap(20, 20);
  CHECK(world.settle().converged());
  const auto before = world.held();
  world.remove(room_file(7));
  world.file("renamed", "content 7");
  auto rule = on(Operation::kAddResource, Fault::of_status(422));
  rule.times = 2;  // beside the old row, and in its place
  world.api->faults.add(rule);
  const auto outcome = world.settle();
  CHECK(world.held() == before);
  REQUIRE(outcome.plan.blocked.size() == 2);
  CHECK(all_are(outcome.plan.blocked, desired::BlockCode::kRefused));
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("one file that the API does not like keeps no other from being added") {
  const auto seed = GENERATE(range(1U, 40U));
  World world(seed);
  world.spec.max_files = 500;
  for (int i = 0; i < 40; ++i) {
    world.file(room_file(i), "content " + std::to_string(i));
  }
  auto rule = on(Operation::kAddResource, Fault::of_status(400));
  rule.nth = 1 + seed % 40;
  world.api->faults.add(rule);
  const auto outcome = world.settle();
  CHECK(rows_held(world) == 39);
  CHECK(outcome.plan.blocked.size() == 1);
  world.file("f999", "one more");
  world.settle();
  CHECK(rows_held(world) >= 40);
}

TEST_CASE("a session whose cap was raised takes what it had refused within the hour") {
  auto world = with_cap(20, 60);
  world.settle();
  CHECK(rows_held(world) == 20);
  world.model.switches().file_cap = 500;
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(rows_held(world) == 60);
}

TEST_CASE("a full session costs one refused add an hour") {
  auto world = with_cap(20, 60);
  world.settle();
  world.api->calls.clear();
  for (int hours = 0; hours < 5; ++hours) {
    world.loop.advance(std::chrono::minutes(61));
    world.settle();
  }
  CHECK(rows_held(world) == 20);
  CHECK(adds_sent(world) == 5);
}

TEST_CASE("a replace in a full session loses nothing to an add beside it") {
  const auto seed = GENERATE(range(1U, 40U));
  World world(seed);
  world.model.switches().file_cap = 5;
  world.spec.max_files = 500;
  for (int i = 0; i < 5; ++i) {
    world.file(room_file(i), "content " + std::to_string(i));
  }
  CHECK(world.settle().converged());
  for (int i = 0; i < 5; ++i) {
    world.file(room_file(i), "edited " + std::to_string(i));
    world.file(room_file(50 + i), "one more " + std::to_string(i));
  }
  world.settle();
  const auto held = world.held();
  CHECK(held.size() == 5);
  for (int i = 0; i < 5; ++i) {
    CHECK(held.at("/" + room_file(i)) == "edited " + std::to_string(i));
  }
}

}  // namespace sessync
