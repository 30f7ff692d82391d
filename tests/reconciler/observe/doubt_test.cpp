#include <catch2/catch.hpp>

#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

/// What happens when less is known than it seems: found by the simulation, one scenario each.
namespace sessync {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// One file, in place, and every grace over.
World settled_world() {
  World world;
  world.file("a", "one");
  world.settle();
  world.loop.advance(seconds(31));
  world.pass();
  return world;
}

/// Declares /report.pdf, uploaded by somebody, and nothing else. Its file id.
std::string declare_upload(World& world) {
  model::NewFile file;
  file.filename = "report.pdf";
  file.content = model::Content::of("theirs");
  const auto id = world.model.upload(file).value().id;
  world.declare_directory = false;
  world.uploaded("/report.pdf", id);
  return id;
}

void lists_lag(World& world, ports::Duration lag) {
  world.model.switches().resource_list_lag = lag;
}

}  // namespace

TEST_CASE("an archived session is looked at before anything is written to it again") {
  World world = settled_world();
  world.file("a", "two");
  REQUIRE(world.model.archive_session(*world.spec.session_id));
  CHECK(world.pass().terminal);
  const auto writes = world.api->calls.count(Operation::kDeleteResource);
  world.loop.advance(minutes(10));
  CHECK(world.pass().terminal);
  CHECK(world.api->calls.count(Operation::kDeleteResource) == writes);
}

TEST_CASE("a declared upload that has expired is not found, and not tried hour after hour") {
  World world = settled_world();
  const auto id = declare_upload(world);
  world.model.set_time(world.loop.now());
  world.model.expire_file(id);
  world.loop.advance(seconds(1));
  const auto outcome = world.pass();
  REQUIRE(outcome.plan.blocked.size() == 1);
  CHECK(outcome.plan.blocked.front().code == desired::BlockCode::kFileNotFound);
  CHECK(world.api->calls.count(Operation::kAddResource) == 1);
}

TEST_CASE("nothing is written as long as what was seen cannot be recorded") {
  World world;
  world.file("a", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutAfter)));
  world.pass();
  world.file("a", "two");
  world.store.fail_next(1);
  const auto outcome = world.pass();
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == errors::SessionError::Code::kStateNotWritable);
  CHECK(world.held() == std::map<std::string, std::string>{{"/a", "one"}});
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a row of ours that a later list leaves out is asked for by its id") {
  World world;
  world.file("a", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutAfter)));
  world.pass();
  world.loop.advance(seconds(2));
  CHECK(world.settle().converged());
  lists_lag(world, seconds(20));
  world.file("a", "two");
  world.settle();
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 1);
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a row that outlives its delete stays ours") {
  World world = settled_world();
  world.api->faults.add(once(Operation::kDeleteResource, Fault::of_status(404)));
  world.remove("a");
  world.file("b", "two");
  world.settle();
  world.loop.advance(seconds(31));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a renamed file stays under its old name until the new one is no longer in doubt") {
  World world = settled_world();
  world.remove("a");
  world.file("b", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutBefore)));
  world.pass();
  world.loop.advance(seconds(1));
  world.pass();
  CHECK(world.held() == std::map<std::string, std::string>{{"/a", "one"}});
  world.loop.advance(seconds(31));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("after a crash an add that may have been sent is not sent again behind a lagging list") {
  World world;
  lists_lag(world, seconds(10));
  world.file("a", "one");
  struct Death {};
  world.api->on_write = [&](const SessionModel& model) {
    if (!model.file_rows(*world.spec.session_id).empty()) {
      throw Death{};
    }
  };
  CHECK_THROWS_AS(world.pass(), Death);
  world.crash(true);
  CHECK(world.settle().converged());
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 1);
}

TEST_CASE("what a lagging list hides is ours also after the state was lost") {
  World world = settled_world();
  lists_lag(world, seconds(10));
  world.file("a", "two");
  world.settle();
  world.crash(true);
  world.store.wipe();
  world.remove("a");
  world.file("b", "three");
  world.settle();
  world.loop.advance(seconds(40));
  const auto held = world.settle().plan.held;
  REQUIRE(held);
  world.allow_deletes = held->id;
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("an owner's open writes do not make rows ours under another owner") {
  World world = settled_world();
  world.file("a", "two");
  world.api->faults.add(once(Operation::kDeleteResource, Fault::of_status(503)));
  world.pass();
  world.owner = "staging";
  world.pass();
  world.loop.advance(minutes(1));
  const auto outcome = world.pass();
  CHECK(world.held() == std::map<std::string, std::string>{{"/a", "one"}});
  REQUIRE(outcome.plan.blocked.size() == 1);
  CHECK(outcome.plan.blocked.front().code == desired::BlockCode::kConflict);
}

TEST_CASE("an add that the former owner may have sent is not sent again by the next one") {
  World world;
  declare_upload(world);
  lists_lag(world, seconds(10));
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutAfter)));
  world.pass();
  world.owner = "staging";
  world.loop.advance(seconds(1));
  CHECK(world.pass().plan.pending.size() == 1);
  world.loop.advance(minutes(1));
  world.pass();
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 1);
}

TEST_CASE("what a replace could not put back is forgotten once its path is not declared") {
  World world = settled_world();
  world.file("a", "two");
  world.api->faults.add(on(Operation::kAddResource, Fault::of(Fault::Kind::kCutBefore)));
  world.pass();
  REQUIRE(world.held().empty());
  world.api->faults.clear();
  world.remove("a");
  const bool selects_something = GENERATE(true, false);
  if (selects_something) {
    world.file("b", "three");
  }
  world.loop.advance(seconds(31));
  CHECK(world.settle().settled());
  CHECK(world.store.load(*world.spec.session_id).intents.empty());
}

TEST_CASE("a row that cannot be identified may be the one that was added") {
  World world = settled_world();
  world.file("a", "two");
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutAfter)));
  world.api->faults.add(on(Operation::kListSessionFiles, Fault::of_status(502)));
  world.api->faults.add(on(Operation::kGetFile, Fault::of_status(502)));
  world.pass();
  world.loop.advance(seconds(40));
  world.pass();
  world.api->faults.clear();
  world.remove("a");
  world.file("b", "three");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a row that a lagging list shows once more is not the outcome of a later add") {
  World world = settled_world();
  const auto row = world.model.file_rows(*world.spec.session_id).front();
  world.model.set_time(world.loop.now());
  REQUIRE(world.model.delete_resource(*world.spec.session_id, row.id));
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutAfter)));
  world.pass();
  lists_lag(world, seconds(10));  // shows what was deleted a moment ago, not what was added
  world.loop.advance(seconds(1));
  world.pass();
  lists_lag(world, seconds(0));
  world.remove("a");
  world.file("b", "three");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("an add for which the key was refused leaves nothing in doubt") {
  World world;
  world.file("a", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of_status(401)));
  const auto refused = world.pass();
  REQUIRE(refused.error);
  CHECK(refused.error->code == errors::SessionError::Code::kAuthenticationFailed);
  world.crash(false);
  CHECK(world.pass().plan.pending.empty());
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

}  // namespace sessync
