#include "reconciler/plan/describe.h"

#include <catch2/catch.hpp>

#include "manifest/text/utf8.h"
#include "reconciler/condition.h"
#include "tests/reconciler/fixtures.h"

using namespace sessync;
using namespace sessync::fixtures;

TEST_CASE("a plan reads like this") {
  plan::Policy policy;
  policy.max_deletes = {false, 1};
  const auto wanted = declared({local("/data/new.csv", '1', 2048), local("/data/old.csv", '2'),
                                local("/same", '3'), local("/conflict", '4')});
  const observe::ObservedState observed{
      {marked("r1", "/data/old.csv", '9'), marked("r2", "/same", '3'), marked("r3", "/gone", '8'),
       foreign("r4", "/conflict"), foreign("r5", "/theirs")},
      {},
      {}};
  const auto plan = make_plan(wanted, observed, policy);
  CHECK(plan::describe(plan::PlanHeader{"research", "sesn_1"}, plan, true) ==
        R"(session research (sesn_1): files are below /mnt/session/uploads
  ! /conflict  conflict: an unmanaged resource is mounted at, above or below this path; remove it, mount the file elsewhere, or set on_conflict
  + /data/new.csv  2.0 KiB  111111111111  not in the session
  ~ /data/old.csv  1 B  222222222222  content differs
  - /gone  1 B  no longer declared
  = /same  1 B  333333333333
  ? /theirs  not managed by sessync
)");
  plan::PlanSummary summary;
  summary.count(plan);
  CHECK(plan::describe(summary) ==
        "Plan: 1 to add, 1 to replace, 0 to rotate, 1 to delete; 1 blocked, 1 unmanaged, 1 "
        "unchanged.");
}

TEST_CASE("what has no mount path is named by what it is") {
  plan::Plan plan;
  plan.blocked = {{desired::BlockedType::kMemoryStore, manifest::MountPath(),
                   desired::BlockCode::kRequiresNewSession, "it is new"},
                  {desired::BlockedType::kSession, manifest::MountPath(),
                   desired::BlockCode::kRefused, "it was refused"}};
  plan.pending = {{manifest::MountPath(), "not known yet"}};
  CHECK(plan::describe(plan::PlanHeader{"a", "sesn_1"}, plan, true) ==
        R"(session a (sesn_1): files are below /mnt/session/uploads
  ! memory store  requires_new_session: it is new
  ! session  refused: it was refused
  ! pending: not known yet
)");
  pass::PassOutcome outcome;
  outcome.plan.blocked = {plan.blocked.front()};
  for (const auto& condition : reconciler::conditions_of(outcome)) {
    CHECK_FALSE(condition.message.starts_with(':'));
  }
  CHECK(reconciler::conditions_of(outcome).front().message == "memory store: it is new");
}

TEST_CASE("names cannot write to a terminal") {
  CHECK(manifest::printable("a\x1b[2Jb\nc") == "a\\x1b[2Jb\\x0ac");
  CHECK(manifest::printable("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
  CHECK(manifest::printable("bad\xff\xfe") == "bad\\xff\\xfe");
  CHECK(manifest::printable("\xc2\x9b") == "\\xc2\\x9b");
}

TEST_CASE("a pass becomes conditions in one place") {
  pass::PassOutcome outcome;
  const auto ready = [&] { return reconciler::conditions_of(outcome).front(); };
  CHECK(ready().status);
  CHECK(ready().reason == "Succeeded");

  outcome.plan.blocked = {
      {desired::BlockedType::kFile, path("/a"), desired::BlockCode::kGuard, "held"}};
  CHECK(ready().reason == "DeletionBlocked");
  CHECK(reconciler::conditions_of(outcome)[2].status);
  outcome.source_lost = true;
  CHECK(ready().reason == "SourceUnavailable");

  outcome.error =
      errors::SessionError{errors::SessionError::Code::kAuthenticationFailed, "wrong key"};
  CHECK(ready().reason == "AuthenticationFailed");
  outcome.error.reset();
  outcome.plan.actions.resize(1);
  CHECK(ready().reason == "Progressing");
  outcome.suspended = true;
  CHECK(ready().reason == "Suspended");
  CHECK(reconciler::conditions_of(outcome)[3].status);
}
