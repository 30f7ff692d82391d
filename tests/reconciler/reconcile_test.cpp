#include "reconciler/reconcile.h"

#include <catch2/catch.hpp>

#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

using namespace sessync;

namespace {

World three_files() {
  World world;
  world.file("a", "one");
  world.file("b/c", "two");
  world.file("b/d", "three");
  return world;
}

}  // namespace

TEST_CASE("a delete that belongs to an add which is not made is not made either") {
  World world;
  plan::Plan plan;
  plan::Delete removal;
  removal.path = manifest::MountPath::of_file("/a");
  removal.resource_id = world.somebody_adds("/a", "theirs");
  removal.chain = manifest::MountPath::of_file("/a/b");
  plan.actions = {removal};
  const ports::Inventory inventory;
  const apply::ApplyInput input{plan, inventory, {}, *world.spec.session_id, world.owner};
  ports::Ports ports{*world.api, world.store, world.loop, &world.tokens};
  const auto report = apply::apply(input, ports);
  REQUIRE(report.results.size() == 1);
  CHECK(report.results.front().outcome == apply::ActionResult::Outcome::kSkipped);
  CHECK(report.put_off);
  CHECK(world.held().contains("/a"));
}

TEST_CASE("a session becomes equal to what is declared, and stays so") {
  World world;
  world.file("a", "one");
  world.file("b/c", "two");
  REQUIRE(world.pass().converged());
  CHECK(world.held() == world.wanted());

  world.file("a", "changed");
  world.remove("b/c");
  world.file("new", "three");
  REQUIRE(world.pass().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a converged pass is one GET") {
  World world;
  world.file("a", "one");
  world.pass();
  world.api->calls.clear();
  CHECK(world.pass().converged());
  CHECK(world.api->calls.entries().size() == 1);
  CHECK(world.api->calls.count(Operation::kListResources) == 1);
}

TEST_CASE("the session itself is looked at once an hour") {
  World world;
  world.pass();
  world.loop.advance(std::chrono::minutes(61));
  world.api->calls.clear();
  world.pass();
  CHECK(world.api->calls.count(Operation::kGetSession) == 1);
}

TEST_CASE("plan right after apply is empty, and a dry run writes nothing") {
  World world;
  world.file("a", "one");
  world.api->calls.clear();
  const auto before = world.store.commits();
  CHECK(world.pass(true).plan.actions.size() == 1);
  CHECK(world.api->calls.writes() == 0);
  CHECK(world.store.commits() == before);
  world.pass();
  CHECK(world.pass(true).plan.empty());
}

TEST_CASE("without any state the markers say what is ours") {
  World world;
  world.file("a", "one");
  world.file("b", "two");
  world.pass();
  world.store.wipe();
  world.api->calls.clear();
  CHECK(world.pass().converged());
  CHECK(world.api->calls.writes() == 0);

  world.remove("b");
  world.store.wipe();
  CHECK(world.pass().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a rename uploads nothing") {
  World world;
  world.file("a", "one");
  world.pass();
  world.remove("a");
  world.file("b", "one");
  world.api->calls.clear();
  CHECK(world.pass().converged());
  CHECK(world.api->calls.count(Operation::kUpload) == 0);
  CHECK(world.held() == world.wanted());
}

TEST_CASE("equal content is uploaded once") {
  World world;
  for (char c = 'a'; c <= 'z'; ++c) {
    world.file(std::string(1, c), "same");
  }
  CHECK(world.pass().converged());
  CHECK(world.api->calls.count(Operation::kUpload) == 1);
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what somebody else put there is never touched") {
  World world = three_files();
  const auto id = world.somebody_adds("/theirs", "precious");
  const auto conflict = world.somebody_adds("/a", "theirs too");
  const auto outcome = world.settle();
  CHECK(outcome.settled());
  CHECK(outcome.plan.blocked.size() == 1);
  CHECK(world.model.get_resource(*world.spec.session_id, id));
  CHECK(world.model.get_resource(*world.spec.session_id, conflict));
  CHECK(world.held().at("/a") == "theirs too");
}

TEST_CASE("an add whose answer was lost is not repeated, and found again by its list") {
  World world;
  world.file("a", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutAfter)));
  CHECK_FALSE(world.pass().settled());
  CHECK(world.settle().converged());
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 1);
  CHECK(world.api->calls.count(Operation::kAddResource) == 1);
}

TEST_CASE("an add that never arrived is repeated once a list can be trusted") {
  World world;
  world.file("a", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of(Fault::Kind::kCutBefore)));
  CHECK_FALSE(world.pass().settled());
  world.loop.advance(std::chrono::seconds(29));
  CHECK_FALSE(world.pass().settled());
  CHECK(world.held().empty());
  world.loop.advance(std::chrono::seconds(2));
  CHECK(world.pass().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("an add that arrives late does not become a duplicate") {
  World world;
  world.file("a", "one");
  auto late = once(Operation::kAddResource, Fault::of(Fault::Kind::kLateEffect));
  late.fault.delay = std::chrono::seconds(20);
  world.api->faults.add(late);
  world.pass();
  CHECK(world.settle().converged());
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 1);
}

TEST_CASE("a list that lags neither repeats an add nor brings a deleted row back") {
  World world = three_files();
  world.model.switches().resource_list_lag = std::chrono::seconds(20);
  CHECK(world.settle().settled());
  world.remove("a");
  world.file("b/c", "new");
  CHECK(world.settle().settled());
  for (int i = 0; i < 10; ++i) {
    world.loop.advance(std::chrono::seconds(4));
    world.pass();
  }
  CHECK(world.held() == world.wanted());
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 2);
  CHECK(world.pass(true).plan.empty());
}

TEST_CASE("a scoped file list that lags means unknown, not different") {
  World world = three_files();
  world.pass();
  world.store.wipe();
  world.model.switches().file_list_lag = std::chrono::hours(1);
  world.api->calls.clear();
  CHECK(world.settle().converged());
  CHECK(world.api->calls.writes() == 0);
}

TEST_CASE("names that cannot be learned put the paths off, and nothing is written") {
  World world = three_files();
  world.pass();
  world.store.wipe();
  world.api->faults.add(on(Operation::kListSessionFiles, Fault::of_status(500)));
  world.api->faults.add(on(Operation::kGetFile, Fault::of_status(500)));
  world.api->calls.clear();
  const auto outcome = world.pass();
  CHECK_FALSE(outcome.settled());
  CHECK(outcome.plan.pending.size() == 3);
  CHECK(world.api->calls.writes() == 0);
  world.api->faults.clear();
  CHECK(world.settle().converged());
  CHECK(world.api->calls.writes() == 0);
}

TEST_CASE("a refused add puts the previous content back and is not tried in a loop") {
  World world;
  world.file("a", "one");
  world.pass();
  world.file("a", "two");
  world.api->faults.add(once(Operation::kAddResource, Fault::of_status(400)));
  const auto outcome = world.pass();
  CHECK_FALSE(outcome.settled());
  CHECK(world.held().at("/a") == "one");

  const auto next = world.pass();
  CHECK(next.settled());
  REQUIRE(next.plan.blocked.size() == 1);
  CHECK(next.plan.blocked.front().code == desired::BlockCode::kRefused);

  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.pass().converged());
  CHECK(world.held().at("/a") == "two");
}

TEST_CASE("after a refused replace no other path is touched in that pass") {
  World world;
  for (char c = 'a'; c <= 'j'; ++c) {
    world.file(std::string(1, c), std::string(1, c));
  }
  world.pass();
  const auto before = world.held();
  for (char c = 'a'; c <= 'j'; ++c) {
    world.file(std::string(1, c), std::string(1, c) + "2");
  }
  int rows_missing = 0;
  world.api->on_write = [&](const SessionModel& model) {
    const auto rows = model.file_rows(*world.spec.session_id).size();
    rows_missing = std::max(rows_missing, static_cast<int>(10 - rows));
  };
  world.api->faults.add(once(Operation::kAddResource, Fault::of_status(400)));
  world.pass();
  CHECK(rows_missing == 1);
  CHECK(world.held() == before);
}

TEST_CASE("a rate limit is waited out and everything arrives") {
  World world = three_files();
  auto rule = on(Operation::kAddResource, Fault::rate_limited(std::chrono::seconds(2)));
  rule.every = 2;
  world.api->faults.add(rule);
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a replace whose add is rate limited waits and does not lose the path") {
  World world;
  world.file("a", "one");
  world.pass();
  world.file("a", "two");
  auto rule = on(Operation::kAddResource, Fault::rate_limited(std::chrono::seconds(2)));
  rule.times = 3;
  world.api->faults.add(rule);
  CHECK(world.pass().settled());
  CHECK(world.held().at("/a") == "two");
}

TEST_CASE("a wrong key is said, nothing is written") {
  World world = three_files();
  world.api->faults.add(on(Operation::kAny, Fault::of_status(401)));
  const auto outcome = world.pass();
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == errors::SessionError::Code::kAuthenticationFailed);
  CHECK(world.held().empty());
}

TEST_CASE("a session that is gone or archived is terminal") {
  World world = three_files();
  SECTION("archived") {
    REQUIRE(world.model.archive_session(*world.spec.session_id));
    const auto outcome = world.pass();
    CHECK(outcome.terminal);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == errors::SessionError::Code::kSessionArchived);
  }
  SECTION("archived since the last look") {
    world.pass();
    REQUIRE(world.model.archive_session(*world.spec.session_id));
    world.file("a", "changed");
    const auto outcome = world.settle(3);
    CHECK(outcome.terminal);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == errors::SessionError::Code::kSessionArchived);
  }
  SECTION("gone") {
    REQUIRE(world.model.delete_session(*world.spec.session_id));
    const auto outcome = world.pass();
    CHECK(outcome.terminal);
    REQUIRE(outcome.error);
    CHECK(outcome.error->code == errors::SessionError::Code::kSessionNotFound);
  }
}

TEST_CASE("a suspended session is watched and not written") {
  World world = three_files();
  world.spec.suspend = true;
  const auto outcome = world.pass();
  CHECK(outcome.plan.actions.size() == 3);
  CHECK(world.held().empty());
  CHECK(world.api->calls.writes() == 0);
}

TEST_CASE("an upload that is gone is made again") {
  World world;
  world.file("a", "one");
  world.pass();
  REQUIRE(world.model.delete_file(world.model.uploads().front().id));
  SECTION("before an add of the same content") {
    world.remove("a");
    world.file("b", "one");
  }
  SECTION("before a replace with the same content") {
    world.file("b", "two");
    world.pass();
    world.file("b", "one");
  }
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("a file_id entry is attached, recognised and pruned") {
  World world;
  model::NewFile file;
  file.filename = "reference.pdf";
  file.content = model::Content::of("pdf");
  const auto id = world.model.upload(file)->id;
  world.uploaded("/reference.pdf", id);
  CHECK(world.settle().converged());
  CHECK(world.held().at("/reference.pdf") == "pdf");
  CHECK(world.pass(true).plan.empty());
  world.store.wipe();
  CHECK(world.pass(true).plan.empty());

  World absent;
  absent.uploaded("/x", "file_nowhere");
  const auto outcome = absent.pass();
  REQUIRE(outcome.plan.blocked.size() == 1);
  CHECK(outcome.plan.blocked.front().code == desired::BlockCode::kFileNotFound);
}

TEST_CASE("a full session: the deletes that make room go first") {
  World world;
  world.model.switches().file_cap = 3;
  world.spec.max_files = 3;
  world.file("a", "one");
  world.file("b", "two");
  world.file("c", "three");
  CHECK(world.settle().converged());
  world.remove("a");
  world.file("d", "four");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("more files than max_files: nothing is half done") {
  World world = three_files();
  world.spec.max_files = 2;
  const auto outcome = world.pass();
  CHECK(world.held().empty());
  CHECK(outcome.plan.blocked.size() == 3);
  CHECK(world.api->calls.writes() == 0);
}

TEST_CASE("a file turned directory, and back") {
  World world;
  world.file("a", "one");
  world.pass();
  world.remove("a");
  world.file("a/b", "two");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  world.remove("a/b");
  world.file("a", "three");
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("after a crash at any turn the next start ends equal, without a duplicate") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 120)));
  World world(seed);
  world.file("a", "one");
  world.file("b", "two");
  world.settle();
  world.file("a", "changed");
  world.remove("b");
  world.file("c", "three");

  world.pass_that_dies(1 + seed % 5, seed % 2 == 0);
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
  CHECK(world.model.file_rows(*world.spec.session_id).size() == 2);
}

TEST_CASE("two daemons with one owner name do not fight") {
  World world;
  world.file("a", "one");
  world.pass();
  world.loop.advance(std::chrono::seconds(31));
  world.pass();
  const auto id = world.somebody_adds(
      "/other", "theirs", observe::encode_marker("prod", std::string(64, '7'), "other"));
  const auto outcome = world.settle();
  REQUIRE(outcome.plan.blocked.size() == 1);
  CHECK(outcome.plan.blocked.front().code == desired::BlockCode::kOwnerConflict);
  CHECK(world.model.get_resource(*world.spec.session_id, id));
}

TEST_CASE("stopping starts no new chain") {
  World world = three_files();
  world.loop.stop();
  world.pass();
  CHECK(world.held().empty());
  CHECK(world.api->calls.count(Operation::kAddResource) == 0);
}

TEST_CASE("every either-way answer of the API converges, also in random order") {
  using S = model::Switches;
  model::Switches switches;
  switches.duplicate_mount = GENERATE(S::DuplicateMount::kReject, S::DuplicateMount::kShadow);
  switches.copy_on_delete = GENERATE(S::CopyOnDelete::kKept, S::CopyOnDelete::kRemoved);
  switches.mount_echo = GENERATE(S::MountEcho::kResolved, S::MountEcho::kAsSent);
  switches.mutate_while_running =
      GENERATE(S::WhileRunning::kOk, S::WhileRunning::kRefused400, S::WhileRunning::kRefused409);
  const auto seed = GENERATE(0U, 1U, 2U, 3U);

  World world(seed);
  world.model.switches() = switches;
  world.file("a", "one");
  world.file("b/c", "two");
  world.file("b/d", "three");
  const auto theirs = world.somebody_adds("/theirs", "precious");
  CHECK(world.settle().converged());
  CHECK(world.pass(true).plan.empty());

  world.model.set_status(*world.spec.session_id, "running");
  world.file("a", "one, edited");
  world.remove("b/c");
  world.file("b/c/deeper", "two");
  world.pass();
  world.model.set_status(*world.spec.session_id, "idle");
  CHECK(world.settle().converged());
  auto wanted = world.wanted();
  wanted["/theirs"] = "precious";
  CHECK(world.held() == wanted);
  CHECK(world.pass(true).plan.empty());
  CHECK(world.model.get_resource(*world.spec.session_id, theirs));
}

TEST_CASE("under a new owner name the old rows are unmanaged, and adopt takes them over") {
  auto world = three_files();
  world.pass();
  world.owner = "successor";
  const auto blocked = world.settle();
  CHECK(blocked.plan.blocked.size() == 3);
  CHECK(blocked.plan.blocked.front().code == desired::BlockCode::kConflict);
  world.remove("a");
  CHECK(world.settle().plan.unmanaged.size() == 1);
  world.spec.on_conflict = manifest::OnConflict::kAdopt;
  const auto writes = world.api->calls.writes();
  CHECK(world.settle().converged());
  CHECK(world.api->calls.writes() == writes);
  world.remove("b/c");
  CHECK(world.settle().converged());
  CHECK(world.held().contains("/a"));
  CHECK_FALSE(world.held().contains("/b/c"));
}
