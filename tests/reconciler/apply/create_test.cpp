#include <algorithm>

#include <catch2/catch.hpp>

#include "reconciler/condition.h"
#include "reconciler/observe/find_session.h"
#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

namespace sessync {
namespace {

/// A manifest entry with `create` and one of everything.
struct Creation {
  World world;

  Creation() {
    world.spec.session_id.reset();
    manifest::CreateSpec create;
    create.agent_id = "agent_1";
    create.environment_id = "env_1";
    create.title = "Research";
    create.metadata = {{"team", "data"}};
    world.spec.create = create;
    world.file("a", "one");
    world.file("b/c", "two");
    manifest::RepositoryResource repository;
    repository.url = kRepositoryUrl;
    repository.mount_path = "/workspace/r";
    repository.authorization_token = manifest::TokenFile{"token"};
    world.tokens.set(kRepositoryUrl, "token-1");
    world.spec.resources = {
        {{}, repository},
        {{}, manifest::MemoryStoreResource{"memstore_1", "read_only", "Prefer it."}}};
  }

  /// The live sessions with this entry's key, oldest first.
  [[nodiscard]] std::vector<std::string> sessions() const {
    std::vector<std::string> ids;
    const auto listed = world.model.list_sessions({});
    for (const auto& session : listed->data) {
      const auto key = session.metadata.find(observe::kKeyName);
      if (key != session.metadata.end() && key->second == "prod/" + world.spec.name) {
        ids.push_back(session.id);
      }
    }
    std::ranges::reverse(ids);
    return ids;
  }

  [[nodiscard]] const model::Session& only_session() const {
    const auto ids = sessions();
    REQUIRE(ids.size() == 1);
    return world.model.session(ids.front());
  }

  void check_equal() const {
    const auto& session = only_session();
    CHECK(world.held(session.id) == world.wanted());
    CHECK(session.title == "Research");
    CHECK(session.metadata.at("team") == "data");
    CHECK(session.resources.size() == 4);
    CHECK(std::ranges::any_of(session.resources, [](const model::Resource& resource) {
      return resource.token == "token-1";
    }));
  }
};

TEST_CASE("too many files block files alone, not what is attached beside them") {
  Creation c;
  c.world.spec.max_files = 1;
  const auto plan = c.world.pass(true).plan;
  REQUIRE(plan.blocked.size() == 2);
  CHECK(plan.blocked[0].path == manifest::MountPath::of_file("/a"));
  CHECK(plan.blocked[1].path == manifest::MountPath::of_file("/b/c"));
  REQUIRE(plan.actions.size() == 2);
  CHECK(std::holds_alternative<plan::AddMemoryStore>(plan.actions[0]));
  CHECK(std::holds_alternative<plan::AddRepository>(plan.actions[1]));
}

TEST_CASE("a session is created once, with everything that is declared") {
  Creation c;
  const auto plan = c.world.pass(true);
  CHECK(plan::is_create(plan.plan.session));
  CHECK(plan.plan.actions.size() == 4);
  CHECK(c.sessions().empty());
  REQUIRE(c.world.settle().converged());
  c.check_equal();
  const auto writes = c.world.api->calls.writes();
  const auto again = c.world.pass();
  CHECK(again.converged());
  CHECK(again.plan.empty());
  CHECK(c.world.api->calls.writes() == writes);
  CHECK(c.world.api->calls.count(Operation::kRotateToken) == 0);
  CHECK(c.world.api->calls.count(Operation::kCreateSession) == 1);
}

TEST_CASE("a session whose create was not answered is found, not made again") {
  Creation c;
  const auto kind = GENERATE(Fault::Kind::kCutBefore, Fault::Kind::kCutAfter);
  c.world.api->faults.add(once(Operation::kCreateSession, Fault::of(kind)));
  const auto first = c.world.pass();
  CHECK_FALSE(first.settled());
  const auto second = c.world.pass();
  CHECK(c.sessions().size() == (kind == Fault::Kind::kCutAfter ? 1U : 0U));
  REQUIRE(c.world.settle().converged());
  c.check_equal();
}

TEST_CASE("a session that comes to be only after its answer was lost is not made twice") {
  Creation c;
  auto late = once(Operation::kCreateSession, Fault::of(Fault::Kind::kLateEffect));
  late.fault.delay = std::chrono::seconds(20);
  c.world.api->faults.add(late);
  REQUIRE(c.world.settle().converged());
  c.check_equal();
}

TEST_CASE("a created session is found again after a crash at any write") {
  const auto nth = static_cast<std::uint64_t>(GENERATE(range(1, 5)));
  Creation c;
  c.world.pass_that_dies(nth, GENERATE(true, false));
  REQUIRE(c.world.settle().converged());
  c.check_equal();
}

TEST_CASE("a created session is found again by its key when the state is lost") {
  Creation c;
  c.world.settle();
  const auto id = c.only_session().id;
  c.world.store.wipe();
  const auto outcome = c.world.settle();
  CHECK(outcome.converged());
  CHECK(outcome.session_id == id);
  c.check_equal();
}

TEST_CASE("of several sessions with the key the oldest is used, and the others are said") {
  Creation c;
  c.world.settle();
  const auto id = c.only_session().id;
  c.world.loop.advance(std::chrono::minutes(1));
  c.world.model.set_time(c.world.loop.now());
  model::NewSession copy;
  copy.metadata[observe::kKeyName] = "prod/" + c.world.spec.name;
  const auto other = c.world.model.create_session(copy).value().id;
  c.world.store.wipe();
  const auto first = c.world.pass();
  CHECK(first.session_id == id);
  REQUIRE(first.warnings.size() == 1);
  CHECK(first.warnings.front().find(other) != std::string::npos);
  CHECK(c.world.pass().session_id == id);
}

TEST_CASE("a session that is gone is reported, and made anew only with recreate") {
  Creation c;
  c.world.settle();
  const auto id = c.only_session().id;
  SECTION("archived") { REQUIRE(c.world.model.archive_session(id)); }
  SECTION("deleted") { REQUIRE(c.world.model.delete_session(id)); }
  const bool state_lost = GENERATE(false, true);
  const bool deleted = !c.world.model.get_session(id);
  if (state_lost && deleted) {
    return;  // nothing is left that could tell
  }
  if (state_lost) {
    c.world.store.wipe();
  }
  const auto outcome = c.world.pass();
  CHECK(outcome.terminal);
  REQUIRE(outcome.error);
  CHECK(outcome.error->code == (deleted ? errors::SessionError::Code::kSessionNotFound
                                        : errors::SessionError::Code::kSessionArchived));
  CHECK(c.sessions().empty());
  c.world.spec.recreate = true;
  REQUIRE(c.world.settle().converged());
  c.check_equal();
  CHECK(c.only_session().id != id);
}

TEST_CASE("a 404 for another organization's key makes nothing anew") {
  Creation c;
  c.world.settle();
  const auto id = c.only_session().id;
  c.world.spec.recreate = true;
  c.world.store.commit(
      {ports::change::PutCreation{{"prod", c.world.spec.name, id, "org_other", {}}}},
      [](const tl::expected<ports::Done, ports::StoreError>&) {});
  c.world.loop.run_all();
  REQUIRE(c.world.model.delete_session(id));
  const auto outcome = c.world.pass();
  CHECK(outcome.terminal);
  CHECK(c.sessions().empty());
}

TEST_CASE("while the sessions cannot be listed nothing is created") {
  Creation c;
  c.world.api->faults.add(on(Operation::kListSessions, Fault::of_status(500)));
  const auto outcome = c.world.pass();
  CHECK(outcome.error);
  CHECK_FALSE(outcome.terminal);
  CHECK(c.sessions().empty());
  CHECK(c.world.api->calls.writes() == 0);
}

TEST_CASE("a token that is not available keeps a session from being created") {
  Creation c;
  c.world.tokens.fail(kRepositoryUrl);
  const auto outcome = c.world.pass();
  REQUIRE(outcome.plan.blocked.size() == 2);
  CHECK(outcome.plan.blocked.back().code == desired::BlockCode::kSecretUnavailable);
  CHECK(c.world.api->calls.writes() == 0);
  c.world.tokens.works_again(kRepositoryUrl);
  REQUIRE(c.world.settle().converged());
  c.check_equal();
}

TEST_CASE("a refused create is not tried in a loop") {
  Creation c;
  c.world.spec.create->agent_id = "agent_noread";
  c.world.settle(3);
  const auto creates = c.world.api->calls.count(Operation::kCreateSession);
  const auto outcome = c.world.pass();
  CHECK(c.world.api->calls.count(Operation::kCreateSession) == creates);
  REQUIRE(outcome.plan.blocked.size() == 1);
  CHECK(outcome.plan.blocked.front().code == desired::BlockCode::kRefused);
  CHECK(reconciler::conditions_of(outcome).front().reason == "ReadToolMissing");
  c.world.spec.create->agent_id = "agent_1";
  REQUIRE(c.world.settle().converged());
  c.check_equal();
}

TEST_CASE("title and declared metadata are brought up to date, other metadata stays") {
  Creation c;
  c.world.settle();
  model::SessionUpdate theirs;
  theirs.metadata = {{"team", "other"}, {"ticket", "42"}};
  const auto id = c.only_session().id;
  REQUIRE(c.world.model.update_session(id, theirs));
  c.world.spec.create->title = "Renamed";
  const auto plan = c.world.pass(true);
  CHECK(std::get<plan::UpdateSession>(plan.plan.session).fields ==
        std::vector<std::string>{"title", "metadata"});
  REQUIRE(c.world.settle().converged());
  const auto& session = c.only_session();
  CHECK(session.title == "Renamed");
  CHECK(session.metadata.at("team") == "data");
  CHECK(session.metadata.at("ticket") == "42");
  CHECK(c.world.pass().plan.empty());
}

TEST_CASE("an update keeps all that is declared where metadata is replaced, not merged") {
  Creation c;
  c.world.spec.create->metadata = {{"stage", "1"}, {"team", "data"}};
  c.world.settle();
  c.world.model.switches().metadata_update = model::Switches::MetadataUpdate::kReplaced;
  c.world.spec.create->metadata["stage"] = "2";
  REQUIRE(c.world.settle().converged());
  const auto& metadata = c.only_session().metadata;
  CHECK(metadata.at("stage") == "2");
  CHECK(metadata.at("team") == "data");
  CHECK(metadata.contains(observe::kKeyName));
  CHECK(c.world.pass().plan.empty());
}

TEST_CASE("an upload that vanished before the create is uploaded again") {
  Creation c;
  c.world.settle();
  REQUIRE(c.world.model.delete_session(c.only_session().id));
  for (const auto& upload : c.world.model.uploads()) {
    REQUIRE(c.world.model.delete_file(upload.id));
  }
  c.world.spec.recreate = true;
  REQUIRE(c.world.settle().converged());
  c.check_equal();
}

TEST_CASE("twenty sessions are created while half of all answers are lost") {
  World one;
  std::vector<manifest::SessionSpec> specs;
  for (int i = 0; i < 20; ++i) {
    manifest::SessionSpec spec;
    spec.name = "s" + std::to_string(i);
    spec.create = manifest::CreateSpec{};
    spec.create->agent_id = "agent_1";
    spec.create->environment_id = "env_1";
    specs.push_back(spec);
  }
  one.file("a", "one");
  auto lost = on(Operation::kAny, Fault::of(Fault::Kind::kCutAfter));
  lost.probability = 0.5;
  lost.seed = static_cast<std::uint64_t>(GENERATE(range(1, 6)));
  one.api->faults.add(lost);
  const auto before = one.model.list_sessions({})->data.size();
  for (const auto& spec : specs) {
    one.spec = spec;
    for (int i = 0; i < 200 && !one.pass().settled(); ++i) {
      one.loop.advance(std::chrono::seconds(10));
    }
  }
  model::SessionQuery all;
  all.page.limit = 100;
  CHECK(one.model.list_sessions(all)->data.size() == before + 20);
}

}  // namespace
}  // namespace sessync
