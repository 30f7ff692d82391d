#include "reconciler/plan/guard.h"

#include <catch2/catch.hpp>

#include "tests/reconciler/fixtures.h"

using namespace sessync;
using namespace sessync::fixtures;
using Lines = std::vector<std::string>;

namespace {

/// `count` rows of ours, each with its own content.
observe::ObservedState rows(int count) {
  observe::ObservedState state;
  for (int i = 0; i < count; ++i) {
    auto row = marked("r" + std::to_string(100 + i), "/d/" + std::to_string(100 + i), 'a');
    row.marker.reset();
    state.files.push_back(std::move(row));
  }
  return state;
}

desired::DesiredState lost(const std::string& mount, const std::string& reason) {
  desired::DesiredState state;
  state.protected_trees = {{path(mount), reason, true}};
  return state;
}

plan::Policy at_most(manifest::MaxDeletes limit) {
  plan::Policy policy;
  policy.max_deletes = limit;
  return policy;
}

}  // namespace

TEST_CASE("five deletes are always allowed under a percentage, six of ten are not") {
  CHECK(make_plan({}, rows(5)).actions.size() == 5);
  const auto plan = make_plan({}, rows(10));
  CHECK(plan.actions.empty());
  CHECK(plan.blocked.size() == 10);
  REQUIRE(plan.held);
  CHECK(plan.held->resource_ids.size() == 10);
  CHECK(plan.blocked.front().reason.find("--allow-deletes=" + plan.held->id) != std::string::npos);
}

TEST_CASE("a percentage is of the owned rows, rounded down") {
  // 41 owned, 25 % is 10.25: ten go, eleven do not.
  desired::DesiredState keep;
  auto observed = rows(41);
  const auto plan_deleting = [&](std::size_t deletes) {
    keep.kept.clear();
    for (std::size_t i = deletes; i < observed.files.size(); ++i) {
      keep.kept.insert(observed.files[i].path);
    }
    return make_plan(keep, observed).actions.size();
  };
  CHECK(plan_deleting(10) == 10);
  CHECK(plan_deleting(11) == 0);
}

TEST_CASE("an exact count is exact, also zero") {
  CHECK(make_plan({}, rows(1), at_most({false, 0})).actions.empty());
  CHECK(make_plan({}, rows(7), at_most({false, 7})).actions.size() == 7);
  CHECK(make_plan({}, rows(8), at_most({false, 7})).actions.empty());
}

TEST_CASE("renames, replaces and duplicates do not count") {
  const auto wanted = declared({local("/new", '1'), local("/same", '2'), local("/dup", '3')});
  const observe::ObservedState observed{{marked("r1", "/old", '1'), marked("r2", "/same", '9'),
                                         marked("r3", "/dup", '3'), marked("r4", "/dup", '3')},
                                        {},
                                        {}};
  const auto plan = make_plan(wanted, observed, at_most({false, 0}));
  CHECK(lines(plan) == Lines{"delete /dup r4", "add /new", "delete /old r1", "replace /same r2"});
}

TEST_CASE("held deletes stop nothing else") {
  const auto plan = make_plan(declared({local("/x", '1')}), rows(30));
  CHECK(plan.actions.size() == 1);
  CHECK(plan.blocked.size() == 30);
}

TEST_CASE("a lost source deletes nothing, whatever the number") {
  auto observed = rows(1);
  observed.files.push_back(marked("other", "/e/1", '2'));
  const auto plan = make_plan(lost("/d", "source d/ is missing"), observed);
  CHECK(lines(plan) == Lines{"delete /e/1 other", "blocked guard /d/100"});
  CHECK(plan.blocked.front().reason.find("source d/ is missing") != std::string::npos);
}

TEST_CASE("a lost source that owns nothing is reported all the same") {
  CHECK(lines(make_plan(lost("/d", "source d/ is missing"), {})) ==
        Lines{"blocked file_not_found /d"});
}

TEST_CASE("the id lets exactly the held set through, and other edits do not change it") {
  const auto held = make_plan({}, rows(10)).held;
  REQUIRE(held);
  plan::Policy policy;
  policy.allow_deletes = held->id;
  CHECK(make_plan({}, rows(10), policy).actions.size() == 10);
  CHECK(make_plan({}, rows(11), policy).actions.empty());
  const auto with_edit = make_plan(declared({local("/x", '1')}), rows(10));
  REQUIRE(with_edit.held);
  CHECK(with_edit.held->id == held->id);
}

TEST_CASE("an add that needs a held delete is blocked with it") {
  const auto wanted = declared({local("/a/b", '1')});
  const auto plan = make_plan(wanted, {{marked("r1", "/a", '2')}, {}, {}}, at_most({false, 0}));
  CHECK(lines(plan) == Lines{"blocked guard /a", "blocked guard /a/b"});
}

TEST_CASE("more files than max_files: nothing is added, the rest goes on") {
  const desired::DesiredState wanted =
      declared({local("/a", '1'), local("/b", '2'), local("/c", '3')});
  plan::Policy policy;
  policy.max_files = 3;
  const observe::ObservedState observed{
      {foreign("r1", "/x"), marked("r2", "/a", '9'), marked("r3", "/old", '8')}, {}, {}};
  const auto plan = make_plan(wanted, observed, policy);
  CHECK(lines(plan) == Lines{"replace /a r2", "delete /old r3", "blocked quota /b",
                             "blocked quota /c", "unmanaged /x"});
  CHECK(plan.blocked.front().reason.find("4 files (3 declared, 1 not ours, 0 held back)") !=
        std::string::npos);
  policy.max_files = 4;
  CHECK(make_plan(wanted, observed, policy).blocked.empty());
}

TEST_CASE("what is mounted from a source with too many files stays, and nothing else is added") {
  desired::DesiredState wanted = declared({local("/a", '1'), local("/m/other/b", '2')});
  wanted.kept_trees.push_back(manifest::MountPath::of_file("/m"));
  wanted.uncollected = 500;
  const observe::ObservedState observed{{marked("r1", "/m/x", '3'), marked("r2", "/m/y", '4'),
                                         foreign("r3", "/m/z"), marked("r4", "/old", '5')},
                                        {},
                                        {}};
  plan::Policy policy;
  policy.prune = manifest::Prune::kAll;
  const auto plan = make_plan(wanted, observed, policy);
  CHECK(lines(plan) ==
        Lines{"delete /old r4", "blocked quota /a", "blocked quota /m/other/b", "unmanaged /m/z"});
  CHECK_FALSE(plan.held);
}

TEST_CASE(
    "what a rule newly leaves out is neither deleted nor counted as a delete, whatever prunes") {
  desired::DesiredState wanted;
  const auto [rule, code, advice] =
      GENERATE(table<ports::LeftOut::Rule, desired::BlockCode, std::string>({
          {ports::LeftOut::Rule::kLately, desired::BlockCode::kSecret, "add 100 to \"allow\""},
          {ports::LeftOut::Rule::kLinkOutside, desired::BlockCode::kLinkOutside,
           "\"links: workspace\""},
      }));
  wanted.left_out.add({"100", false, rule}, "w/100", "/d/100");
  wanted.left_out.add({"x", true, ports::LeftOut::Rule::kLately}, "w/x", "/x");
  auto observed = rows(2);
  observed.files.push_back(foreign("s1", "/x/theirs"));
  for (const auto prune :
       {manifest::Prune::kOwned, manifest::Prune::kAll, manifest::Prune::kNone}) {
    plan::Policy policy;
    policy.prune = prune;
    const auto plan = make_plan(wanted, observed, policy);
    REQUIRE(plan.blocked.size() == 1);
    CHECK(plan.blocked.front().code == code);
    CHECK(plan.blocked.front().path.text() == "/d/100");
    CHECK(plan.blocked.front().reason.find(advice) != std::string::npos);
    CHECK(plan.actions.size() == (prune == manifest::Prune::kNone ? 0 : 1));
    CHECK(plan.unmanaged.size() == 1);
    CHECK_FALSE(plan.held);
  }
}
