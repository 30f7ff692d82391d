#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/fixtures.h"
#include "tests/reconciler/world.h"

/// A file whose new place is blocked keeps its old row: its content is declared.
namespace sessync {
namespace {

using Contents = std::map<std::string, std::string>;

/// /old was renamed to /new, which the API refuses until the rule is gone.
World refused_rename(int status) {
  World world;
  world.file("old", "one");
  world.file("other", "two");
  world.settle();
  world.loop.advance(std::chrono::seconds(31));
  world.pass();
  world.remove("old");
  world.file("new", "one");
  world.api->faults.add(on(Operation::kAddResource, Fault::of_status(status)));
  return world;
}

const desired::Blocked* blocked_at(const plan::Plan& plan, const std::string& path) {
  const auto found = std::ranges::find_if(
      plan.blocked, [&](const desired::Blocked& blocked) { return blocked.path.text() == path; });
  return found == plan.blocked.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("a rename whose new place is refused keeps its old row in every later pass") {
  auto world = refused_rename(GENERATE(400, 403, 413, 422));
  const Contents before{{"/old", "one"}, {"/other", "two"}};
  world.pass();
  CHECK(world.held() == before);
  for (int later = 0; later < 3; ++later) {
    const auto planned = world.pass(true);
    const auto done = world.pass();
    CHECK(world.held() == before);
    CHECK(planned.plan.blocked == done.plan.blocked);
    CHECK(done.settled());
    REQUIRE(blocked_at(done.plan, "/old") != nullptr);
    CHECK(blocked_at(done.plan, "/old")->code == blocked_at(done.plan, "/new")->code);
    CHECK(blocked_at(done.plan, "/old")->reason.find("declared at /new") != std::string::npos);
    world.loop.advance(std::chrono::minutes(10));
  }
  world.loop.advance(std::chrono::minutes(61));
  world.pass();
  CHECK(world.held() == before);
  world.api->faults.clear();
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what is renamed by its file id is kept as well") {
  World world;
  model::NewFile file;
  file.filename = "report.pdf";
  file.content = model::Content::of("theirs");
  const auto id = world.model.upload(file).value().id;
  world.file("a", "one");
  world.uploaded("/old.pdf", id);
  world.settle();
  world.spec.resources.clear();
  world.uploaded("/new.pdf", id);
  world.api->faults.add(on(Operation::kAddResource, Fault::of_status(400)));
  for (int passes = 0; passes < 3; ++passes) {
    world.pass();
    CHECK(world.held() == Contents{{"/a", "one"}, {"/old.pdf", "theirs"}});
  }
}

TEST_CASE("a rename onto what is not ours keeps its old row until that is gone") {
  World world;
  world.file("old", "one");
  world.settle();
  const auto theirs = world.somebody_adds("/new", "theirs");
  world.remove("old");
  world.file("new", "one");
  const auto outcome = world.settle();
  CHECK(world.held() == Contents{{"/old", "one"}, {"/new", "theirs"}});
  REQUIRE(blocked_at(outcome.plan, "/old") != nullptr);
  CHECK(blocked_at(outcome.plan, "/old")->code == desired::BlockCode::kConflict);
  REQUIRE(world.model.delete_resource(*world.spec.session_id, theirs));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what seems to hold a secret keeps its row, also where the file was before") {
  World world;
  world.file("same", "key");
  world.file("changed", "before");
  world.file("old", "token");
  world.settle();
  const auto before = world.held();

  world.suspected = {"key", "token", "another key"};
  world.file("changed", "another key");
  world.remove("old");
  world.file("new", "token");
  const auto outcome = world.settle();
  CHECK(world.held() == before);
  for (const char* const path : {"/same", "/changed", "/old", "/new"}) {
    REQUIRE(blocked_at(outcome.plan, path) != nullptr);
    CHECK(blocked_at(outcome.plan, path)->code == desired::BlockCode::kSecretSuspected);
  }
  world.spec.secrets = manifest::SecretsPolicy::kAllow;
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("the old row is held for a blocked path only, whatever else has its content") {
  using namespace fixtures;
  const auto wanted = declared({local("/new", '1'), local("/copy", '1')});
  const observe::ObservedState observed{
      {marked("r1", "/old", '1'), marked("r2", "/copy", '1'), marked("r3", "/gone", '7')}, {}, {}};
  plan::PlanInput input{wanted, observed};
  input.refusals = {{"/new", digest('1'), "400", "no", {}}};
  CHECK(lines(plan::plan(input, {})) == std::vector<std::string>{"delete /gone r3",
                                                                 "blocked refused /new",
                                                                 "blocked refused /old"});
  input.refusals.clear();
  CHECK(lines(plan::plan(input, {})) ==
        std::vector<std::string>{"delete /gone r3", "add /new", "delete /old r1"});
}

TEST_CASE("no id is offered for a delete that is held by more than a lost source") {
  using namespace fixtures;
  auto wanted = declared({local("/new", '1')});
  wanted.protected_trees.push_back(
      {manifest::MountPath::literal("/old"), "source old is missing", true});
  const observe::ObservedState observed{{marked("r1", "/old", '1')}, {}, {}};
  plan::PlanInput input{wanted, observed};
  input.refusals = {{"/new", digest('1'), "400", "no", {}}};
  const auto result = plan::plan(input, {});
  CHECK_FALSE(result.held);
  REQUIRE(blocked_at(result, "/old") != nullptr);
  CHECK(result.actions.empty());
  CHECK(std::ranges::any_of(result.blocked, [](const desired::Blocked& one) {
    return one.path.text() == "/old" && one.code == desired::BlockCode::kRefused;
  }));
}

TEST_CASE("no id is offered for the old row of a file for which max_files leaves no room") {
  using namespace fixtures;
  auto wanted = declared({local("/new", '1'), local("/other", '2')});
  wanted.protected_trees.push_back(
      {manifest::MountPath::literal("/old"), "source old is missing", true});
  const observe::ObservedState observed{{marked("r1", "/old", '1')}, {}, {}};
  const plan::PlanInput input{wanted, observed};
  plan::Policy policy;
  policy.max_files = 1;
  const auto result = plan::plan(input, policy);
  CHECK_FALSE(result.held);
  CHECK(result.actions.empty());
  CHECK(std::ranges::any_of(result.blocked, [](const desired::Blocked& one) {
    return one.path.text() == "/old" && one.code == desired::BlockCode::kQuota;
  }));
}

TEST_CASE("the room that an add in doubt may have taken is given to no other") {
  using namespace fixtures;
  const auto adds_full = [](const desired::DesiredState& wanted,
                            const observe::ObservedState& observed) {
    plan::PlanInput input{wanted, observed};
    input.most_files = 1;
    input.refusals = {{"/full", digest('1'), "400", "no", {}, 1}};
    return std::ranges::any_of(plan::plan(input, {}).actions, [](const plan::Action& action) {
      return plan::path_of(action).text() == "/full";
    });
  };
  observe::ObservedState observed;
  CHECK(adds_full(declared({local("/full", '1')}), observed));
  observed.pending.insert("/doubt");
  CHECK_FALSE(adds_full(declared({local("/full", '1'), local("/doubt", '2')}), observed));
}

TEST_CASE("what makes way for a path above or below is put back if the add is refused") {
  World world;
  world.file("a/x", "one");
  world.file("a/y", "two");
  world.file("b", "three");
  world.settle();
  const auto before = world.held();
  world.remove("a/x");
  world.remove("a/y");
  world.file("a", "four");
  world.api->faults.add(once(Operation::kAddResource, Fault::of_status(400)));
  world.pass();
  CHECK(world.held() == before);
  CHECK(world.settle().settled());
  CHECK(world.held() == before);
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what could not be put back at once is put back by the next pass") {
  World world;
  world.file("a", "one");
  world.file("b", "two");
  world.settle();
  const auto before = world.held();
  world.file("a", "changed");
  auto rule = on(Operation::kAddResource, Fault::of_status(400));
  rule.times = 4;  // the new content, and what it replaced, twice
  world.api->faults.add(rule);
  world.pass();
  CHECK(world.held() == Contents{{"/b", "two"}});
  // As both were refused, neither is held against the new content yet.
  CHECK(plan::reason_of(world.pass(true).plan.actions.front()) == "not in the session");
  world.pass();
  CHECK(world.held() == Contents{{"/b", "two"}});
  const auto planned = world.pass(true);
  REQUIRE(planned.plan.actions.size() == 1);
  CHECK(plan::reason_of(planned.plan.actions.front()).starts_with("put back"));
  CHECK(world.settle().settled());
  CHECK(world.held() == before);
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE("what cannot be put back is tried once an hour, not in every pass") {
  World world;
  world.file("a", "one");
  world.file("b", "two");
  world.settle();
  const auto before = world.held();
  world.file("a", "changed");
  world.api->faults.add(on(Operation::kAddResource, Fault::of_status(400)));
  const auto outcome = world.settle();
  CHECK(outcome.settled());
  CHECK(world.held() == Contents{{"/b", "two"}});
  CHECK(outcome.plan.blocked.size() == 2);
  world.api->calls.clear();
  CHECK(world.pass(true).plan.empty());
  CHECK(world.pass().settled());
  CHECK(world.api->calls.writes() == 0);
  world.loop.advance(std::chrono::minutes(61));
  world.settle();
  // The new content, what it had replaced, and that once more with a new list.
  CHECK(world.api->calls.count(Operation::kAddResource) == 3);
  world.api->faults.clear();
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

TEST_CASE(
    "after a crash at any write of a refused rename its content is still there, or comes back") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 40)));
  World world(seed);
  world.model.switches().file_cap = 2;
  world.file("a/x", "one");
  world.file("b", "two");
  world.settle();
  const auto before = world.held();
  world.remove("a/x");
  world.file("a", "one");
  world.api->faults.add(once(Operation::kAddResource, Fault::of_status(400)));
  world.pass_that_dies(1 + seed % 4, seed % 2 == 0);
  for (int passes = 0; passes < 8; ++passes) {
    world.loop.advance(std::chrono::seconds(15));
    world.pass();
  }
  const auto held = world.held();
  CHECK((held == before || held == world.wanted()));
  world.loop.advance(std::chrono::minutes(61));
  CHECK(world.settle().converged());
  CHECK(world.held() == world.wanted());
}

}  // namespace sessync
