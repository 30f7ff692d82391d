#include "daemon/status/board.h"

#include <catch2/catch.hpp>

#include "reconciler/observe/server_time.h"
#include "tests/daemon/status/passes.h"

/// What the board makes of the events of a daemon.
namespace sessync {

TEST_CASE("a session waits for its first pass, and then is what the pass says") {
  status::StatusBoard board(kOrigin);
  CHECK(board.snapshot().sessions.empty());
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  const auto before = only_session(board);
  CHECK_FALSE(before.conditions.front().what.status);
  CHECK(before.observed_generation == 0);
  finish(board, "a", added("/x", at(2)), at(3));
  const auto after = only_session(board);
  CHECK(after.conditions.front().what.status);
  CHECK(after.conditions.front().since == at(3));
  CHECK(after.last_converged_at == at(3));
  CHECK(after.observed_generation == after.generation);
  CHECK(after.counts.desired == 1);
  CHECK(after.counts.in_sync == 1);
  REQUIRE(after.recent.size() == 1);
  CHECK(after.recent.front().at == at(2));
  CHECK(after.recent.front().mount_path == "/x");
}

TEST_CASE("a condition keeps the time since when it holds") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  finish(board, "a", {}, at(1));
  finish(board, "a", {}, at(9));
  CHECK(only_session(board).conditions.front().since == at(1));
  finish(board, "a", failed(errors::SessionError::Code::kApiError), at(10));
  CHECK(only_session(board).conditions.front().since == at(10));
}

TEST_CASE("only files count as files of a session that was created just now") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  auto outcome = added("/a", at(1));
  outcome.plan.actions.emplace_back(plan::AddMemoryStore{"memstore_1"});
  outcome.results.push_back(outcome.results.front());
  finish(board, "a", outcome, at(2));
  CHECK(only_session(board).counts.files == 1);
  CHECK(only_session(board).counts.in_sync == 2);
}

TEST_CASE("what cannot be looked at keeps the counts that it had") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  finish(board, "a", blocked("/x", desired::BlockCode::kConflict), at(1));
  finish(board, "a", failed(errors::SessionError::Code::kAuthenticationFailed), at(2));
  const auto session = only_session(board);
  CHECK(session.counts.blocked == 1);
  CHECK(session.blocked.size() == 1);
  CHECK(session.conditions.front().what.reason == "AuthenticationFailed");
}

TEST_CASE("the sessions of a bad file stall with its error, and recover with it") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  finish(board, "a", {}, at(1));
  board.manifest_read(with_error(manifest_of({"a"}), "unknown key 'sessionz'"), {}, at(2));
  auto session = only_session(board);
  CHECK(session.conditions.front().what.status);
  CHECK(session.conditions[2].what.reason == "ManifestInvalid");
  CHECK(session.conditions[2].what.message.find("sessionz") != std::string::npos);
  finish(board, "a", {}, at(3));
  CHECK(only_session(board).conditions[2].what.status);
  board.manifest_read(manifest_of({"a"}), {}, at(4));
  CHECK_FALSE(only_session(board).conditions[2].what.status);
  CHECK(board.snapshot().manifest.last_success_at == at(4));
}

TEST_CASE("a session that its file changes stands, whatever is wrong with others of the file") {
  status::StatusBoard board(kOrigin);
  auto manifest = with_error(manifest_of({"a"}), "is also declared in b.yaml");
  manifest.files.front().older.clear();
  board.manifest_read(manifest, {}, at(0));
  finish(board, "a", {}, at(1));
  CHECK_FALSE(only_session(board).conditions[2].what.status);
  manifest.files.front().older.emplace(
      "a", manifest::Older{manifest.files.front().problems.front(), true});
  board.manifest_read(manifest, {}, at(2));
  CHECK(only_session(board).conditions[2].what.message.find("all else") != std::string::npos);
}

TEST_CASE("ready means: a manifest in force, watched, and every session was tried") {
  status::StatusBoard board(kOrigin);
  CHECK_FALSE(board.readiness().ready);
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  board.watching("/w");
  finish(board, "a", {}, at(1));
  CHECK_FALSE(board.readiness().ready);
  finish(board, "b", failed(errors::SessionError::Code::kApiError), at(1));
  const auto readiness = board.readiness();
  CHECK(readiness.ready);
  REQUIRE(readiness.problems.size() == 1);
  CHECK(readiness.problems.front().find("b: ") == 0);
  board.manifest_read(with_error(manifest_of({"a", "b"}), "no owner"), {}, at(2));
  CHECK(board.readiness().ready);
  const auto problems = board.readiness().problems;
  REQUIRE(problems.size() == 3);
  CHECK(problems[1].find("a: ManifestInvalid: ") == 0);
}

TEST_CASE("without a good manifest since the start nothing is ready") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(with_error(manifest_of({}), "no owner"), {}, at(0));
  board.watching("/w");
  CHECK_FALSE(board.readiness().ready);
  CHECK(board.readiness().problems.size() == 1);
}

TEST_CASE("only what changed is in the news") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  const auto revision = board.snapshot().revision;
  CHECK(board.snapshot(revision).sessions.empty());
  finish(board, "b", {}, at(1));
  const auto news = board.snapshot(revision);
  REQUIRE(news.sessions.size() == 1);
  CHECK(news.sessions.front()->name == "b");
  board.manifest_read(manifest_of({"b"}), {}, at(2));
  CHECK(board.snapshot(news.revision).left == std::vector<std::string>{"a"});
  CHECK(board.snapshot().sessions.size() == 1);
}

TEST_CASE("a change is made good by the add that a later pass answers") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  board.changed({"a"}, at(10));
  board.changed({"a"}, at(12));
  board.pass_started("a");
  board.changed({"a"}, at(14));  // too late for that pass
  CHECK(done(board, "a", added("/x", at(15)), at(16)) == seconds(5));
  board.pass_started("a");
  CHECK(done(board, "a", added("/x", at(18)), at(18)) == seconds(4));
  board.pass_started("a");
  CHECK_FALSE(done(board, "a", added("/x", at(21)), at(21)));
}

TEST_CASE("a change that needs two passes counts until the second") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  board.changed({"a"}, at(10));
  board.pass_started("a");
  CHECK_FALSE(done(board, "a", failed(errors::SessionError::Code::kRateLimited), at(12)));
  board.pass_started("a");
  CHECK(done(board, "a", added("/x", at(31)), at(32)) == seconds(21));
  CHECK(only_session(board).latencies.size() == 1);
}

TEST_CASE("a touch that changes nothing is no change to be made good") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  board.changed({"a"}, at(10));
  board.pass_started("a");
  CHECK_FALSE(done(board, "a", {}, at(12)));
  board.pass_started("a");
  CHECK_FALSE(done(board, "a", added("/x", at(61)), at(61)));
}

namespace {

reconciler::PassProgress waiting_pass(ports::TimePoint since) {
  reconciler::PassProgress pass;
  pass.name = "a";
  pass.waiting_since = since;
  return pass;
}

/// A board on which "a" is in sync and a pass over it began at second 10.
struct BusyBoard {
  explicit BusyBoard(bool changed = true) : board(kOrigin) {
    board.manifest_read(manifest_of({"a"}), {}, at(0));
    board.watching("/w");
    finish(board, "a", added("/x", at(1)), at(1));
    if (changed) {
      board.changed({"a"}, at(10));
    }
    board.pass_started("a");
  }
  [[nodiscard]] reconciler::Condition ready() const {
    return only_session(board).conditions.front().what;
  }
  status::StatusBoard board;
};

}  // namespace

TEST_CASE("a pass that waits says so, in conditions and probes, and a short one does not") {
  BusyBoard busy;
  busy.board.pass_goes_on(waiting_pass(at(10)), at(10));
  CHECK(busy.ready().status);
  busy.board.pass_goes_on(waiting_pass(at(10)), at(11));
  CHECK_FALSE(busy.ready().status);
  CHECK(busy.ready().reason == "Progressing");
  CHECK(only_session(busy.board).conditions[1].what.status);
  CHECK(busy.board.readiness().problems.size() == 1);
  const auto revision = busy.board.snapshot().revision;
  busy.board.pass_goes_on(waiting_pass(at(10)), at(12));
  CHECK(busy.board.snapshot().revision == revision);  // the same is no news
  done(busy.board, "a", {}, at(13));
  CHECK(busy.ready().status);
}

TEST_CASE("a limit that a pass waits for is shown with its end") {
  BusyBoard busy(false);
  auto pass = waiting_pass(at(10));
  pass.limited_until = at(1800);
  busy.board.pass_goes_on(pass, at(11));
  CHECK(busy.ready().reason == "RateLimited");
  CHECK(busy.ready().message.find(observe::timestamp(at(1800))) != std::string::npos);
  busy.board.pass_goes_on(waiting_pass(at(10)), at(12));
  CHECK(busy.ready().reason == "Progressing");
}

TEST_CASE("what is to be done is counted before it is done") {
  BusyBoard busy;
  auto pass = waiting_pass(at(10));
  pass.known_since = at(10);
  pass.found = added("/x", at(12));
  pass.found->results.front().outcome = apply::ActionResult::Outcome::kSkipped;
  busy.board.pass_goes_on(pass, at(11));
  CHECK(only_session(busy.board).counts.pending == 1);
  CHECK(only_session(busy.board).counts.in_sync == 0);
  CHECK_FALSE(busy.ready().status);
}

TEST_CASE("reading the workspace is no reason for doubt unless something changed") {
  for (const bool changed : {true, false}) {
    BusyBoard busy(changed);
    auto pass = waiting_pass(at(10));
    pass.reads_workspace = true;
    busy.board.pass_goes_on(pass, at(20));
    CHECK(busy.ready().status == !changed);
  }
}

TEST_CASE("a pass that goes on hides neither a suspension nor what was wrong before") {
  BusyBoard busy;
  done(busy.board, "a", failed(errors::SessionError::Code::kSessionArchived), at(10));
  busy.board.pass_started("a");
  busy.board.pass_goes_on(waiting_pass(at(10)), at(20));
  CHECK(busy.ready().reason == "SessionArchived");
  busy.board.set_suspensions({{"a", state::Suspension{"ann", at(20)}}}, at(20));
  auto pass = waiting_pass(at(10));
  pass.known_since = at(10);
  pass.found = added("/x", at(12));
  busy.board.pass_goes_on(pass, at(21));
  CHECK(busy.ready().reason == "SessionArchived");
}

TEST_CASE("a change that no worker has taken yet is not shown as if nothing had changed") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  finish(board, "a", {}, at(1));
  board.changed({"a"}, at(10));
  board.show_waiting(at(10));
  CHECK(only_session(board).conditions.front().what.status);
  board.show_waiting(at(11));
  CHECK_FALSE(only_session(board).conditions.front().what.status);
  finish(board, "a", {}, at(12));
  CHECK(only_session(board).conditions.front().what.status);
}

TEST_CASE("who suspended a session is shown until it is resumed") {
  status::StatusBoard board(kOrigin);
  board.set_suspensions({{"a", {"ann", at(1)}}}, at(1));
  board.manifest_read(manifest_of({"a"}), {}, at(2));
  CHECK(only_session(board).suspended->by == "ann");
  board.set_suspensions({}, at(3));
  CHECK_FALSE(only_session(board).suspended);
}

TEST_CASE("a state that cannot be written is seen at every session, beside what its passes say") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a"}), {}, at(0));
  board.watching("/w");
  finish(board, "a", {}, at(1));
  const auto stalled = [&board] { return only_session(board).conditions[2].what; };
  board.state_is({"the disk is full", true}, at(2));
  CHECK(stalled() ==
        reconciler::Condition{"Stalled", true, "StateUnavailable", "the disk is full"});
  CHECK(only_session(board).conditions[0].what.status);
  CHECK(board.readiness().ready);
  CHECK(board.readiness().problems ==
        std::vector<std::string>{"StateUnavailable: the disk is full"});
  CHECK(board.snapshot().notes == std::vector<std::string>{"the disk is full"});
  finish(board, "a", {}, at(3));
  CHECK(stalled().reason == "StateUnavailable");
  board.state_is({"there is no disk", false}, at(4));
  CHECK_FALSE(board.readiness().ready);
  board.state_is({}, at(5));
  CHECK_FALSE(stalled().status);
  CHECK(board.readiness().ready);
  CHECK(board.snapshot().notes.empty());
}

TEST_CASE("what stood still before the state did goes on standing still after it") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  finish(board, "a", blocked("/x", desired::BlockCode::kConflict), at(1));
  finish(board, "b", failed(errors::SessionError::Code::kStateNotWritable), at(1));
  board.state_is({"the disk is full", true}, at(2));
  board.state_is({}, at(3));
  CHECK(board.find("a")->conditions[2].what ==
        reconciler::Condition{"Stalled", true, "Conflict", "/x: in the way"});
  CHECK(board.find("b")->conditions[0].what.reason == "StateUnavailable");
  CHECK(board.find("b")->conditions[2].what.status);
}

TEST_CASE("who waits is told that nothing more will come") {
  const status::StatusBoard waiting(kOrigin);
  CHECK(waiting.wait(0, std::chrono::milliseconds(0)));
  status::StatusBoard board(kOrigin);
  board.close();
  CHECK_FALSE(board.wait(0, std::chrono::hours(1)));
}

TEST_CASE("that a session left is told for a day") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  const auto before = board.snapshot().revision;
  board.manifest_read(manifest_of({"b"}), {}, at(1));
  const auto left = board.snapshot().revision;
  board.manifest_read(manifest_of({"b"}), {}, at(0) + status::kLeftKept);
  CHECK(board.snapshot(before).left == std::vector<std::string>{"a"});
  CHECK(board.snapshot(before).left_since <= before);
  board.manifest_read(manifest_of({"b"}), {}, at(2) + status::kLeftKept);
  CHECK(board.snapshot(before).left.empty());
  CHECK(board.snapshot(before).left_since > before);
  CHECK(board.snapshot(left).left_since <= left);
}

}  // namespace sessync
