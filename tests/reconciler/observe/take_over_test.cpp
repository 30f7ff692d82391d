#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/reconciler/world.h"

/// What a first look without state makes of files that have our marker.
namespace sessync {
namespace {

using Before = std::map<std::string, std::string>;

/// A session that a manifest filled with files below d/, whose state is lost.
World filled_by(int files) {
  World world;
  for (int i = 0; i < files; ++i) {
    world.file("d/" + std::to_string(i), "content " + std::to_string(i));
  }
  world.settle();
  world.loop.advance(std::chrono::seconds(31));
  world.pass();
  world.store.wipe();
  return world;
}

void declare_nothing(World& world, int files) {
  for (int i = 0; i < files; ++i) {
    world.remove("d/" + std::to_string(i));
  }
}

std::size_t guarded(const plan::Plan& plan) {
  return static_cast<std::size_t>(
      std::ranges::count(plan.blocked, desired::BlockCode::kGuard, &desired::Blocked::code));
}

bool asks_for_session(const plan::Plan& plan) {
  return std::ranges::any_of(plan.blocked, [](const desired::Blocked& blocked) {
    return blocked.reason.find(
               "this session was filled by another manifest of owner prod; is "
               "session_id right?") != std::string::npos;
  });
}

}  // namespace

TEST_CASE(
    "a session in which nothing lies where it is declared is filled, and nothing is deleted") {
  const int files = GENERATE(1, 3, 8);
  auto world = filled_by(files);
  const auto before = world.held();
  declare_nothing(world, files);
  world.file("z", "other");
  const auto planned = world.pass(true).plan;
  CHECK(guarded(planned) == static_cast<std::size_t>(files));
  CHECK(asks_for_session(planned));
  for (int passes = 0; passes < 4; ++passes) {
    const auto outcome = world.pass();
    CHECK(outcome.plan.blocked == planned.blocked);
    CHECK(outcome.settled());
    world.loop.advance(std::chrono::seconds(31));
  }
  auto wanted = before;
  wanted["/z"] = "other";
  CHECK(world.held() == wanted);
  // With the state kept, it stays in doubt.
  world.loop.advance(std::chrono::hours(30));
  CHECK(guarded(world.pass().plan) == static_cast<std::size_t>(files));

  world.allow_deletes = planned.held->id;
  world.pass();
  world.allow_deletes.reset();
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("once it was said that the session is right, later deletes need no id") {
  auto world = filled_by(3);
  declare_nothing(world, 3);
  world.file("z", "other");
  world.spec.prune = manifest::Prune::kNone;
  world.pass();
  world.file("d/0", "content 0");
  world.spec.prune = manifest::Prune::kOwned;
  const auto held = world.pass().plan.held;
  REQUIRE(held);
  world.allow_deletes = held->id;
  world.pass();
  world.allow_deletes.reset();
  CHECK(world.settle().converged());
  world.remove("d/0");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what was taken over in doubt is not replaced either without the id") {
  auto world = filled_by(2);
  declare_nothing(world, 2);
  world.file("z", "other");
  world.settle();
  world.file("d/0", "the other manifest's");
  const auto outcome = world.settle();
  CHECK(world.held().at("/d/0") == "content 0");
  CHECK(guarded(outcome.plan) == 2);
  REQUIRE(outcome.plan.held);
  world.allow_deletes = outcome.plan.held->id;
  world.pass();
  world.allow_deletes.reset();
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("half of the rows on declared paths, or with declared content, leave no doubt") {
  auto world = filled_by(4);
  world.remove("d/0");
  world.remove("d/1");
  world.remove("d/2");
  world.file("moved", "content 2");
  // /d/3 is where it is declared, the content of /d/2 is declared, /d/0 and /d/1 are nowhere.
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("less than half of the rows on declared paths leaves the others in doubt") {
  auto world = filled_by(5);
  for (const auto* gone : {"d/0", "d/1", "d/2"}) {
    world.remove(gone);
  }
  world.file("d/3", "edited");
  const auto outcome = world.settle();
  CHECK(guarded(outcome.plan) == 3);
  CHECK(world.held() == Before{{"/d/0", "content 0"},
                               {"/d/1", "content 1"},
                               {"/d/2", "content 2"},
                               {"/d/3", "edited"},
                               {"/d/4", "content 4"}});
}

TEST_CASE("plan on a first look says what apply does") {
  const int left = GENERATE(range(0, 7));
  auto world = filled_by(6);
  for (int i = left; i < 6; ++i) {
    world.remove("d/" + std::to_string(i));
  }
  world.file("z", "other");
  const auto planned = world.pass(true).plan;
  const auto done = world.pass().plan;
  CHECK(planned.blocked == done.blocked);
  CHECK(planned.unmanaged.size() == done.unmanaged.size());
  REQUIRE(planned.actions.size() == done.actions.size());
  for (std::size_t i = 0; i < done.actions.size(); ++i) {
    CHECK(plan::path_of(planned.actions[i]) == plan::path_of(done.actions[i]));
    CHECK(planned.actions[i].index() == done.actions[i].index());
  }
}

}  // namespace sessync
