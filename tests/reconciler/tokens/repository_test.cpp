#include <catch2/catch.hpp>

#include "reconciler/condition.h"
#include "tests/reconciler/fault_rules.h"
#include "tests/reconciler/world.h"

namespace sessync {
namespace {

const std::string kPath = "/workspace/r";

/// A session that was created with a repository, and its declaration.
struct Repository {
  World world;
  std::string session;

  Repository() {
    model::NewSession request;
    model::NewResource repository;
    repository.type = "github_repository";
    repository.url = kRepositoryUrl;
    repository.mount_path = kPath;
    repository.authorization_token = "token-of-creation";
    model::NewResource store;
    store.type = "memory_store";
    store.memory_store_id = "memstore_1";
    store.access = "read_only";
    request.resources = {repository, store};
    session = world.model.create_session(request).value().id;
    world.spec.session_id = session;
    world.tokens.set(kRepositoryUrl, "token-1");
    declare();
  }

  void declare() {
    manifest::RepositoryResource entry;
    entry.url = kRepositoryUrl;
    entry.mount_path = kPath;
    entry.authorization_token = manifest::TokenFile{"token"};
    world.spec.resources = {{{}, entry},
                            {{}, manifest::MemoryStoreResource{"memstore_1", "read_only", {}}}};
  }
  manifest::RepositoryResource& declared() {
    return std::get<manifest::RepositoryResource>(world.spec.resources.front().what);
  }
  manifest::MemoryStoreResource& declared_store() {
    return std::get<manifest::MemoryStoreResource>(world.spec.resources.back().what);
  }

  [[nodiscard]] const model::Resource& row() const {
    for (const auto& resource : world.model.session(session).resources) {
      if (resource.type == model::ResourceType::kRepository) {
        return resource;
      }
    }
    throw std::out_of_range("no repository");
  }
  [[nodiscard]] std::string token() const { return row().token.value_or(""); }
  std::size_t rotations() { return world.api->calls.count(Operation::kRotateToken); }

  /// The session reports, now, that GitHub did not take its token.
  void report_fault() {
    world.model.set_time(world.loop.now());
    world.model.add_event(session, "session.error",
                          R"({"error":{"type":"repository_authentication_error","message":"no",)"
                          R"("repository_url":")" +
                              kRepositoryUrl + R"("}})");
  }
};

std::string only_code(const pass::PassOutcome& outcome) {
  return outcome.plan.blocked.size() == 1 ? desired::to_string(outcome.plan.blocked.front().code)
                                          : "";
}

TEST_CASE("a token is sent once, and again when it changes") {
  Repository r;
  REQUIRE(r.world.pass().converged());
  CHECK(r.token() == "token-1");
  REQUIRE(r.world.pass().converged());
  CHECK(r.rotations() == 1);
  r.world.tokens.set(kRepositoryUrl, "token-2");
  REQUIRE(r.world.pass().converged());
  CHECK(r.token() == "token-2");
  CHECK(r.rotations() == 2);
}

TEST_CASE("after the state was lost exactly one rotation follows") {
  Repository r;
  r.world.pass();
  r.world.store.wipe();
  REQUIRE(r.world.settle().converged());
  r.world.pass();
  CHECK(r.rotations() == 2);
}

TEST_CASE("a repository without a declared token is left alone") {
  Repository r;
  r.declared().authorization_token.reset();
  REQUIRE(r.world.pass().converged());
  CHECK(r.token() == "token-of-creation");
  CHECK(r.world.api->calls.writes() == 0);
}

TEST_CASE("what is fixed at creation is said, once and without a retry") {
  Repository r;
  SECTION("another repository") { r.declared().url = "https://github.com/o/other"; }
  SECTION("another path") { r.declared().mount_path = "/workspace/elsewhere"; }
  SECTION("another checkout") { r.declared().checkout = manifest::BranchCheckout{"main"}; }
  SECTION("another store") { r.declared_store().memory_store_id = "memstore_2"; }
  SECTION("other access") { r.declared_store().access = "read_write"; }
  SECTION("other instructions") { r.declared_store().instructions = "Prefer it."; }
  r.declared().authorization_token.reset();
  const auto outcome = r.world.pass();
  CHECK(only_code(outcome) == "requires_new_session");
  CHECK(outcome.settled());
  CHECK(r.world.api->calls.writes() == 0);
  const auto conditions = reconciler::conditions_of(outcome);
  CHECK(conditions.at(2).status);
  CHECK(conditions.at(2).reason == "RequiresNewSession");
}

TEST_CASE("a checkout of which the API says nothing is not another one") {
  Repository r;
  r.declared().checkout = manifest::BranchCheckout{"main"};
  r.world.model.switches().optional = model::Switches::Optional::kOmitted;
  CHECK(r.world.pass().converged());
}

TEST_CASE("GitHub's names compare without regard to case") {
  Repository r;
  r.declared().url = "https://github.com/O/R";
  r.world.tokens.set("https://github.com/O/R", "token-1");
  CHECK(r.world.pass().converged());
}

TEST_CASE("a lost answer is followed by one more rotation, never by none") {
  Repository r;
  r.world.pass();
  r.world.tokens.set(kRepositoryUrl, "token-2");
  const auto kind = GENERATE(Fault::Kind::kCutBefore, Fault::Kind::kCutAfter);
  r.world.api->faults.add(once(Operation::kRotateToken, Fault::of(kind)));
  CHECK_FALSE(r.world.pass().settled());
  REQUIRE(r.world.settle().converged());
  CHECK(r.token() == "token-2");
}

TEST_CASE("a crash right after a rotation took effect loses nothing") {
  Repository r;
  r.world.pass();
  r.world.tokens.set(kRepositoryUrl, "token-2");
  r.world.pass_that_dies(1, GENERATE(true, false));
  REQUIRE(r.world.settle().converged());
  CHECK(r.token() == "token-2");
}

TEST_CASE("a refused token is not sent in a loop, and the old one is remembered") {
  Repository r;
  r.world.pass();
  r.world.tokens.set(kRepositoryUrl, "token-bad");
  r.world.api->faults.add(on(Operation::kRotateToken, Fault::of_status(400)));
  r.world.settle(3);
  const auto blocked = r.world.pass();
  CHECK(only_code(blocked) == "refused");
  CHECK(r.rotations() == 2);
  r.world.tokens.set(kRepositoryUrl, "token-1");
  CHECK(r.world.pass().converged());
  CHECK(r.rotations() == 2);
}

TEST_CASE("a rotation that is put off is tried again") {
  Repository r;
  const auto status = GENERATE(429, 409, 503);
  r.world.api->faults.add(once(Operation::kRotateToken, Fault::of_status(status)));
  REQUIRE(r.world.settle().converged());
  CHECK(r.token() == "token-1");
}

TEST_CASE("a token that cannot be read blocks its repository only") {
  Repository r;
  r.world.file("a", "one");
  r.world.tokens.fail(kRepositoryUrl);
  const auto outcome = r.world.pass();
  CHECK(only_code(outcome) == "secret_unavailable");
  CHECK(r.world.held() == r.world.wanted());
  CHECK(r.token() == "token-of-creation");
  const auto plan = r.world.pass(true);
  CHECK(only_code(plan) == "secret_unavailable");
  CHECK(plan.warnings.empty());
}

TEST_CASE("an authentication error is answered with the token that the source has now") {
  Repository r;
  r.world.pass();
  r.report_fault();
  SECTION("the same one: not for an hour") {
    const auto outcome = r.world.pass();
    CHECK(only_code(outcome) == "secret_unavailable");
    CHECK(outcome.next_check_in == ports::Duration(std::chrono::hours(1)));
    CHECK(r.rotations() == 1);
    r.world.loop.advance(std::chrono::hours(1));
    CHECK(r.world.pass().converged());
    CHECK(r.rotations() == 2);
    r.world.loop.advance(std::chrono::hours(2));
    CHECK(r.world.pass().converged());
    CHECK(r.rotations() == 2);
  }
  SECTION("another one: at once") {
    r.world.tokens.set(kRepositoryUrl, "token-2");
    CHECK(r.world.pass().converged());
    CHECK(r.token() == "token-2");
    CHECK(r.world.pass().converged());
    CHECK(r.rotations() == 2);
  }
}

TEST_CASE("what was said of a token before this one is not held against it") {
  Repository r;
  r.report_fault();
  r.world.loop.advance(std::chrono::minutes(1));
  REQUIRE(r.world.pass().converged());
  CHECK(r.rotations() == 1);
  CHECK(r.world.pass().converged());
  CHECK(r.rotations() == 1);
  r.world.loop.advance(std::chrono::minutes(1));
  r.report_fault();
  CHECK(only_code(r.world.pass()) == "secret_unavailable");
}

TEST_CASE("a minting source is asked for a new token after an authentication error, once") {
  Repository r;
  r.world.tokens.mint(kRepositoryUrl, std::chrono::hours(1));
  r.world.pass();
  const auto first = r.token();
  r.report_fault();
  REQUIRE(r.world.pass().converged());
  CHECK(r.token() != first);
  REQUIRE(r.world.pass().converged());
  CHECK(r.rotations() == 2);
}

TEST_CASE("planning mints nothing and sends nothing") {
  Repository r;
  r.world.tokens.mint(kRepositoryUrl, std::chrono::hours(1));
  const auto outcome = r.world.pass(true);
  REQUIRE(outcome.plan.actions.size() == 1);
  CHECK(std::holds_alternative<plan::Rotate>(outcome.plan.actions.front()));
  CHECK(outcome.plan.changes_nothing());
  CHECK(r.world.tokens.mints(kRepositoryUrl) == 0);
  CHECK(r.rotations() == 0);
}

TEST_CASE("rotate_every sends the token again when it is due, and says when that is") {
  Repository r;
  r.declared().rotate_every = std::chrono::minutes(45);
  CHECK(r.world.pass().next_check_in == ports::Duration(std::chrono::minutes(45)));
  r.world.loop.advance(std::chrono::minutes(5));
  CHECK(r.world.pass().next_check_in == ports::Duration(std::chrono::minutes(40)));
  r.world.loop.advance(std::chrono::minutes(40));
  CHECK(r.world.pass().converged());
  CHECK(r.rotations() == 2);
}

TEST_CASE("tokens that are over when they are minted are not renewed without a pause") {
  Repository r;
  r.world.tokens.mint(kRepositoryUrl, std::chrono::seconds(-30));
  CHECK(r.world.pass().next_check_in == ports::Duration(std::chrono::seconds(10)));
  CHECK(r.world.pass().converged());
  CHECK(r.rotations() == 1);
}

TEST_CASE("a rotation that failed is due when its retry is, not at once") {
  Repository r;
  r.world.tokens.mint(kRepositoryUrl, std::chrono::hours(1));
  r.world.pass();
  r.world.loop.advance(std::chrono::minutes(50));
  r.world.api->faults.add(once(Operation::kRotateToken, Fault::of(Fault::Kind::kCutAfter)));
  const auto outcome = r.world.pass();
  CHECK_FALSE(outcome.settled());
  CHECK_FALSE(outcome.next_check_in);
}

TEST_CASE("prune all cannot remove repositories and memory stores") {
  Repository r;
  r.world.spec.resources.clear();
  CHECK(r.world.pass().plan.unmanaged.size() == 2);
  r.world.spec.prune = manifest::Prune::kAll;
  const auto outcome = r.world.pass();
  REQUIRE(outcome.plan.blocked.size() == 2);
  CHECK(outcome.plan.blocked.front().code == desired::BlockCode::kRequiresNewSession);
  CHECK(r.world.api->calls.writes() == 0);
}

}  // namespace
}  // namespace sessync
