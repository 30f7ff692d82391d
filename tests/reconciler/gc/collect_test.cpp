#include <catch2/catch.hpp>

#include "reconciler/gc/expire_uploads.h"
#include "tests/reconciler/world.h"

using namespace sessync;

TEST_CASE("uploads that nothing has needed for an hour are collected, others stay") {
  World world;
  world.file("a", "one");
  world.file("b", "two");
  world.settle();
  const auto theirs = world.somebody_adds("/theirs", "precious");
  world.remove("b");
  world.settle();
  ports::Ports ports{*world.api, world.store, world.loop};
  CHECK(gc::collect_uploads("prod", ports) == 0);

  for (int i = 0; i < 5; ++i) {
    world.loop.advance(std::chrono::minutes(16));
    world.pass();
  }
  CHECK(gc::collect_uploads("prod", ports) == 1);
  CHECK(world.model.uploads().size() == 2);
  CHECK(world.model.get_resource(*world.spec.session_id, theirs));
  CHECK(world.pass(true).plan.empty());

  world.file("b", "two");
  CHECK(world.settle().converged());
  CHECK(world.held().at("/b") == "two");
}

TEST_CASE("what a mounted file was uploaded as stays while the file is held back for a secret") {
  World world;
  world.file("a", "one");
  world.settle();
  world.suspected = {"one"};
  for (int i = 0; i < 5; ++i) {
    world.loop.advance(std::chrono::minutes(16));
    CHECK(world.pass().plan.blocked.size() == 1);
  }
  ports::Ports ports{*world.api, world.store, world.loop};
  CHECK(gc::collect_uploads("prod", ports) == 0);
  CHECK(world.model.uploads().size() == 1);
}
