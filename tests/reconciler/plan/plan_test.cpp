#include <catch2/catch.hpp>

#include "reconciler/plan/make_plan.h"
#include "tests/reconciler/fixtures.h"

using namespace sessync;
using namespace sessync::fixtures;
using Lines = std::vector<std::string>;

TEST_CASE("a file that the session lacks is added") {
  const auto plan = make_plan(declared({local("/a", '1')}), {});
  CHECK(lines(plan) == Lines{"add /a"});
  CHECK(*plan::sha256_of(plan.actions.front()) == digest('1'));
  CHECK(plan::size_of(plan.actions.front()) == 1);
}

TEST_CASE("a row of ours with the declared content is unchanged") {
  const auto plan = make_plan(declared({local("/a", '1')}), {{marked("r1", "/a", '1')}, {}, {}});
  CHECK(lines(plan).empty());
  REQUIRE(plan.unchanged.size() == 1);
  CHECK(plan.unchanged.front().path == path("/a"));
}

TEST_CASE("every spelling of a mount path is the same path") {
  const auto plan = make_plan(
      declared({local("/a", '1')}),
      {{marked("r1", "/mnt/session/uploads/a", '1'), marked("r2", "/uploads/b", '2')}, {}, {}});
  CHECK(lines(plan) == Lines{"delete /b r2"});
}

TEST_CASE("other content of ours is replaced, and what it replaces goes first") {
  const auto plan = make_plan(declared({local("/a", '2')}), {{marked("r1", "/a", '1')}, {}, {}});
  CHECK(lines(plan) == Lines{"replace /a r1"});
  CHECK(std::get<plan::Replace>(plan.actions.front()).deletes == Lines{"r1"});
}

TEST_CASE("a marker of the right digest but another size is other content") {
  auto row = marked("r1", "/a", '1');
  row.size = 2;
  CHECK(lines(make_plan(declared({local("/a", '1')}), {{row}, {}, {}})) == Lines{"replace /a r1"});
}

TEST_CASE("of several rows of ours on one path the one with the declared content stays") {
  const auto plan = make_plan(
      declared({local("/a", '1')}),
      {{marked("r1", "/a", '2'), marked("r2", "/a", '1'), marked("r3", "/a", '1')}, {}, {}});
  CHECK(lines(plan) == Lines{"delete /a r1", "delete /a r3"});
}

TEST_CASE("what is no longer declared is deleted, if it is ours") {
  const observe::ObservedState observed{{marked("r1", "/a", '1'), foreign("r2", "/b")}, {}, {}};
  CHECK(lines(make_plan({}, observed)) == Lines{"delete /a r1", "unmanaged /b"});
  plan::Policy none;
  none.prune = manifest::Prune::kNone;
  CHECK(lines(make_plan({}, observed, none)) == Lines{"unmanaged /b"});
  plan::Policy all;
  all.prune = manifest::Prune::kAll;
  CHECK(lines(make_plan({}, observed, all)) == Lines{"delete /a r1", "delete /b r2"});
}

TEST_CASE("prune all spares what cannot or must not be deleted") {
  plan::Policy all;
  all.prune = manifest::Prune::kAll;
  observe::ObservedState observed;
  observed.files = {with(marked("r1", "/a", '1'), observe::Ownership::kOtherDaemon)};
  observed.fixed = {
      {"github_repository", "r2", manifest::MountPath::literal("/workspace/x"),
       ports::RepositoryRow{"r2", "https://github.com/o/x", "/workspace/x", {}, {}, true}},
      {"hologram", "r3", path("/h"), ports::OpaqueRow{"r3", "hologram", "/h"}}};
  CHECK(lines(make_plan({}, observed, all)) == Lines{"blocked owner_conflict /a",
                                                     "blocked requires_new_session /workspace/x",
                                                     "unmanaged /h"});
}

TEST_CASE("something that is not ours on, above or below a declared path is a conflict") {
  const std::string other = GENERATE("/a/b", "/a", "/a/b/c");
  const auto plan = make_plan(declared({local("/a/b", '1')}), {{foreign("r1", other)}, {}, {}});
  REQUIRE(plan.blocked.size() == 1);
  CHECK(plan.blocked.front().code == desired::BlockCode::kConflict);
  CHECK(plan.actions.empty());
}

TEST_CASE("a sibling whose name begins alike is no conflict") {
  const auto plan = make_plan(declared({local("/a", '1')}),
                              {{foreign("r1", "/a.b"), foreign("r2", "/ab")}, {}, {}});
  CHECK(lines(plan) == Lines{"add /a", "unmanaged /a.b", "unmanaged /ab"});
}

TEST_CASE("on_conflict replace deletes what is not ours, but never what we do not understand") {
  plan::Policy policy;
  policy.on_conflict = manifest::OnConflict::kReplace;
  observe::ObservedState observed{{foreign("r1", "/a")}, {}, {}};
  CHECK(lines(make_plan(declared({local("/a", '1')}), observed, policy)) == Lines{"replace /a r1"});
  observed.fixed = {{"hologram", "r2", path("/a"), ports::OpaqueRow{"r2", "hologram", "/a"}}};
  CHECK(lines(make_plan(declared({local("/a", '1')}), observed, policy)) ==
        Lines{"blocked conflict /a", "unmanaged /a"});
}

TEST_CASE("a file that is mounted nobody knows where is left alone, and counts as one") {
  plan::Policy policy;
  policy.prune = manifest::Prune::kAll;
  policy.on_conflict = manifest::OnConflict::kReplace;
  observe::ObservedState observed{{foreign("r1", "/b")}, {}, {}};
  observed.fixed = {{"file", "r2", manifest::MountPath(), ports::OpaqueRow{"r2", "file", ""}}};
  const auto plan = make_plan(declared({local("/a", '1')}), observed, policy);
  CHECK(lines(plan) == Lines{"add /a", "delete /b r1", "unmanaged "});
  CHECK(plan.rows_now == 2);
  policy.max_files = 1;
  CHECK(lines(make_plan(declared({local("/a", '1')}), observed, policy)) ==
        Lines{"delete /b r1", "blocked quota /a", "unmanaged "});
}

TEST_CASE("on_conflict adopt takes over a row of any owner that has the declared digest") {
  plan::Policy policy;
  policy.on_conflict = manifest::OnConflict::kAdopt;
  const auto same = with(marked("r1", "/a", '1', "staging"), observe::Ownership::kUnmanaged);
  CHECK(lines(make_plan(declared({local("/a", '1')}), {{same}, {}, {}}, policy)) ==
        Lines{"adopt /a r1"});
  CHECK(lines(make_plan(declared({local("/a", '2')}), {{same}, {}, {}}, policy)) ==
        Lines{"blocked conflict /a"});
}

TEST_CASE("another daemon's row is neither replaced nor pruned") {
  const observe::ObservedState observed{
      {with(marked("r1", "/a", '1'), observe::Ownership::kOtherDaemon)}, {}, {}};
  CHECK(lines(make_plan(declared({local("/a", '2')}), observed)) ==
        Lines{"blocked owner_conflict /a"});
  CHECK(lines(make_plan({}, observed)) == Lines{"blocked owner_conflict /a"});
}

TEST_CASE("unknown is not different") {
  observe::ObservedFile unknown = foreign("r1", "/a");
  unknown.ownership = observe::Ownership::kUnknown;
  CHECK(lines(make_plan(declared({local("/a", '1')}), {{unknown}, {}, {}})) == Lines{"pending /a"});
  CHECK(lines(make_plan({}, {{unknown}, {}, {}})) == Lines{"pending /a"});
}

TEST_CASE("an add in doubt is not repeated") {
  CHECK(lines(make_plan(declared({local("/a", '1')}), {{}, {}, {"/a"}})) == Lines{"pending /a"});
}

TEST_CASE("what of ours lies above or below a new path makes way in the same chain") {
  const auto plan = make_plan(declared({local("/a/b", '1')}), {{marked("r1", "/a", '2')}, {}, {}});
  CHECK(lines(plan) == Lines{"delete /a r1", "add /a/b"});
  CHECK(std::get<plan::Delete>(plan.actions[0]).chain == path("/a/b"));
  CHECK(std::get<plan::Add>(plan.actions[1]).deletes == Lines{"r1"});
}

TEST_CASE("a file_id entry is satisfied by any row with that content") {
  const auto wanted = declared({uploaded("/a", "file_9")});
  auto row = foreign("r1", "/a");
  row.upload_file_id = "file_9";
  CHECK(lines(make_plan(wanted, {{row}, {}, {}})).empty());

  row.upload_file_id.reset();
  const observe::ObservedState observed{{row}, {}, {}};
  plan::PlanInput input{wanted, observed};
  input.uploads = {{"file_9", {"file_9", "report.pdf", 1, "", std::nullopt, false}}};
  CHECK(lines(plan::plan(input, {})).empty());
}

TEST_CASE("a file_id that does not exist is blocked and what is mounted stays") {
  const auto wanted = declared({uploaded("/a", "file_9")});
  const observe::ObservedState observed{{marked("r1", "/a", '1')}, {}, {}};
  plan::PlanInput input{wanted, observed};
  input.missing_uploads = {{"file_9", "is gone"}};
  const auto result = plan::plan(input, {});
  CHECK(lines(result) == Lines{"blocked file_not_found /a"});
  CHECK(result.blocked[0].reason == "is gone");
}

TEST_CASE("of a file_id that nobody knows of nothing is decided, and what overlaps it stays") {
  const auto wanted = declared({uploaded("/a", "file_9"), local("/c", '1')});
  const observe::ObservedState observed{
      {marked("r1", "/a/b", '2'), marked("r2", "/d", '3')}, {}, {}};
  plan::PlanInput input{wanted, observed};
  input.unknown_uploads = {{"file_9", "no answer"}};
  const auto result = plan::plan(input, {});
  CHECK(lines(result) == Lines{"add /c", "delete /d r2", "pending /a"});
}

TEST_CASE("what the API refused is not tried again until its content changes") {
  const auto wanted = declared({local("/a", '1')});
  const observe::ObservedState observed;
  plan::PlanInput input{wanted, observed};
  input.refusals = {{"/a", digest('1'), "invalid_request_error", "no", {}}};
  CHECK(lines(plan::plan(input, {})) == Lines{"blocked refused /a"});
  input.refusals = {{"/a", digest('2'), "invalid_request_error", "no", {}}};
  CHECK(lines(plan::plan(input, {})) == Lines{"add /a"});
}

TEST_CASE("what is mounted at the path of a blocked entry stays") {
  desired::DesiredState state;
  state.blocked = {{desired::BlockedType::kFile, path("/a"), desired::BlockCode::kUnstable,
                    "changes all the time"}};
  state.kept = {path("/a")};
  CHECK(lines(make_plan(state, {{marked("r1", "/a", '1')}, {}, {}})) ==
        Lines{"blocked unstable /a"});
}

TEST_CASE("the plan does not depend on the order of the list") {
  const auto wanted = declared({local("/a", '1'), local("/b", '2'), local("/c/d", '3')});
  const observe::ObservedState one{{marked("r1", "/b", '9'), marked("r2", "/c", '3'),
                                    foreign("r3", "/z"), marked("r4", "/y", '1')},
                                   {},
                                   {}};
  observe::ObservedState two = one;
  std::reverse(two.files.begin(), two.files.end());
  CHECK(lines(make_plan(wanted, one)) == lines(make_plan(wanted, two)));
}
