#include <catch2/catch.hpp>

#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

/// Passes that learn on their way that what they were made with is no longer in force.
using namespace sessync;

TEST_CASE(
    "a pass that is withdrawn in the middle of a replace finishes it and begins nothing more") {
  World world;
  for (const char* const name : {"a", "b", "c"}) world.file(name, "old");
  world.pass();
  const auto before = world.held();
  for (const char* const name : {"a", "b", "c"}) world.file(name, std::string("new ") + name);
  world.api->calls.clear();
  // The first replace has deleted, and its add waits for the end of a limit.
  world.api->faults.add(
      once(Operation::kAddResource, Fault::rate_limited(std::chrono::seconds(30))));
  world.loop.after(std::chrono::seconds(20), [&] { world.loop.withdraw(); });
  CHECK_FALSE(world.pass().settled());
  CHECK(world.held().size() == before.size());
  CHECK(world.api->calls.count(Operation::kDeleteResource) == 1);
  std::size_t changed = 0;
  for (const auto& [path, bytes] : world.held()) changed += bytes != before.at(path) ? 1U : 0U;
  CHECK(changed == 1);
  world.loop.withdraw(false);
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a pass that is withdrawn before its first write makes none, uploads included") {
  World world;
  world.file("a", "one");
  world.loop.withdraw();
  CHECK_FALSE(world.pass().settled());
  CHECK(world.api->calls.writes() == 0);
  world.loop.withdraw(false);
  CHECK(world.settle().converged());
}

TEST_CASE("a write that waits for the end of a limit is not sent once its pass is withdrawn") {
  World world;
  world.pass();
  world.file("a", "one");
  world.api->faults.add(once(Operation::kUpload, Fault::rate_limited(std::chrono::seconds(30))));
  world.pass();
  world.api->calls.clear();
  world.loop.after(std::chrono::seconds(10), [&] { world.loop.withdraw(); });
  CHECK_FALSE(world.pass().settled());
  CHECK(world.api->calls.writes() == 0);
}

TEST_CASE("a pass is told to look at the session itself, and looks beside the list") {
  World world;
  world.file("a", "one");
  world.pass();
  world.refresh = true;
  world.api->calls.clear();
  CHECK(world.pass().converged());
  CHECK(world.api->calls.entries().size() == 2);
  CHECK(world.api->calls.count(Operation::kGetSession) == 1);
  (void)world.model.archive_session(*world.spec.session_id);
  const auto outcome = world.pass();
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == errors::SessionError::Code::kSessionArchived);
}
