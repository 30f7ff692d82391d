#include "daemon/cli/output/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/reconciler/fixtures.h"

using namespace sessync;
using namespace sessync::fixtures;
using Json = nlohmann::json;

namespace {

pass::PassOutcome planned(const desired::DesiredState& wanted,
                          const observe::ObservedState& observed) {
  pass::PassOutcome outcome;
  outcome.session_id = "sesn_1";
  outcome.plan = make_plan(wanted, observed);
  return outcome;
}

pass::PassOutcome applied(pass::PassOutcome outcome, apply::ActionResult::Outcome result) {
  outcome.executed = true;
  outcome.results.assign(outcome.plan.actions.size(), {result, ""});
  return outcome;
}

pass::PassOutcome with_error(errors::SessionError::Code code) {
  pass::PassOutcome outcome;
  outcome.error = errors::SessionError{code, "why"};
  return outcome;
}

config::Options options(config::Command command) {
  config::Options result;
  result.command = command;
  return result;
}

int code(const config::Options& o, std::vector<pass::PassOutcome> outcomes) {
  std::vector<cli::SessionReport> reports;
  reports.reserve(outcomes.size());
  for (auto& outcome : outcomes) {
    reports.push_back({"s", std::move(outcome)});
  }
  return cli::exit_code_of(reports, o);
}

const auto kChange = [] { return planned(declared({local("/a", '1')}), {}); };
const auto kBlocked = [] {
  return planned(declared({local("/a", '1')}), {{foreign("r1", "/a")}, {}, {}});
};

}  // namespace

TEST_CASE("the plan document has the contract's shape") {
  const auto wanted = declared({local("/a", '1', 12), local("/b", '2'), local("/c", '3')});
  const observe::ObservedState observed{{marked("r1", "/b", '9'), foreign("r2", "/c"),
                                         foreign("r3", "/x"), marked("r4", "/old", '8')},
                                        {},
                                        {}};
  const auto document =
      Json::parse(cli::plan_document({{"research", planned(wanted, observed)}}, false));
  CHECK(document["format"] == 1);
  const auto& session = document["sessions"][0];
  CHECK(session["name"] == "research");
  CHECK(session["session_id"] == "sesn_1");
  CHECK(session["session_action"] == "none");
  CHECK(session["error"].is_null());
  CHECK(session["held"].is_null());
  CHECK(session["unchanged"] == 0);
  CHECK_FALSE(session.contains("converged"));
  CHECK(session["actions"][0] == Json{{"action", "add"},
                                      {"type", "file"},
                                      {"mount_path", "/a"},
                                      {"reason", "not in the session"},
                                      {"size", 12},
                                      {"sha256", digest('1')},
                                      {"resource_id", nullptr}});
  CHECK(session["actions"][1]["action"] == "replace");
  CHECK(session["actions"][1]["resource_id"] == "r1");
  CHECK(session["actions"][2]["action"] == "delete");
  CHECK(session["blocked"][0]["code"] == "conflict");
  CHECK(session["unmanaged"][0] ==
        Json{{"type", "file"}, {"mount_path", "/x"}, {"resource_id", "r3"}});
  CHECK(document["summary"] == Json{{"create_sessions", 0},
                                    {"update_sessions", 0},
                                    {"add", 1},
                                    {"replace", 1},
                                    {"rotate", 0},
                                    {"adopt", 0},
                                    {"delete", 1},
                                    {"blocked", 1},
                                    {"unmanaged", 1},
                                    {"unchanged", 0}});
}

TEST_CASE("apply adds what became of each action") {
  auto outcome = applied(kChange(), apply::ActionResult::Outcome::kFailed);
  outcome.results[0].error = "refused";
  const auto document = Json::parse(cli::plan_document({{"research", outcome}}, true));
  const auto& session = document["sessions"][0];
  CHECK(session["actions"][0]["result"] == "failed");
  CHECK(session["actions"][0]["error"] == "refused");
  CHECK(session["converged"] == false);
}

TEST_CASE("a file name of any bytes does not break the document") {
  desired::DesiredState wanted;
  wanted.blocked = {{desired::BlockedType::kFile, path("/\xff\n\""),
                     desired::BlockCode::kInvalidName, "bad\xfe"}};
  CHECK_NOTHROW(Json::parse(cli::plan_document({{"s", planned(wanted, {})}}, false)));
}

TEST_CASE("plan's exit codes") {
  auto plain = options(config::Command::kPlan);
  CHECK(code(plain, {kChange()}) == 0);
  CHECK(code(plain, {with_error(errors::SessionError::Code::kSessionNotFound)}) == 1);
  CHECK(code(plain, {with_error(errors::SessionError::Code::kSessionNotFound),
                     with_error(errors::SessionError::Code::kAuthenticationFailed)}) == 5);
  auto detailed = plain;
  detailed.detailed_exitcode = true;
  CHECK(code(detailed, {{}}) == 0);
  CHECK(code(detailed, {kBlocked()}) == 4);
  CHECK(code(detailed, {kBlocked(), kChange()}) == 2);
}

TEST_CASE("apply's exit codes") {
  const auto apply = options(config::Command::kApply);
  CHECK(code(apply, {applied(kChange(), apply::ActionResult::Outcome::kDone)}) == 0);
  CHECK(code(apply, {applied(kChange(), apply::ActionResult::Outcome::kFailed)}) == 1);
  CHECK(code(apply, {kBlocked()}) == 4);
  CHECK(code(apply, {kBlocked(), applied(kChange(), apply::ActionResult::Outcome::kFailed)}) == 1);
  CHECK(code(apply, {kBlocked(), with_error(errors::SessionError::Code::kAuthenticationFailed)}) ==
        5);
}

TEST_CASE("a session that was made in an earlier pass, with nothing in it, is made") {
  pass::PassOutcome first;
  first.plan.session = plan::CreateSession();
  first.session_result.outcome = apply::ActionResult::Outcome::kDone;
  first.executed = first.pass_again = true;
  const auto merged = cli::merge_passes(first, pass::PassOutcome{});
  CHECK(plan::is_create(merged.plan.session));
  CHECK(merged.converged());
}

TEST_CASE("several passes of one session read as one") {
  const auto first = applied(kChange(), apply::ActionResult::Outcome::kDone);
  const auto second =
      planned(declared({local("/a", '1'), local("/b", '2')}), {{marked("r1", "/a", '1')}, {}, {}});
  const auto merged =
      cli::merge_passes(first, applied(second, apply::ActionResult::Outcome::kDone));
  CHECK(lines(merged.plan) == std::vector<std::string>{"add /a", "add /b"});
  CHECK(merged.results.size() == 2);
  CHECK(merged.plan.unchanged.empty());
  CHECK(merged.converged());
}
