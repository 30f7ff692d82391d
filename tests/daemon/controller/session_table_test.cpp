#include "daemon/controller/session_table.h"

#include <catch2/catch.hpp>

using namespace sessync;
using namespace std::chrono_literals;

namespace {

const ports::TimePoint kNow{1'000'000s};

manifest::SessionSpec session(const std::string& name, std::chrono::seconds interval = 300s) {
  manifest::SessionSpec spec;
  spec.name = name;
  spec.session_id = "sesn_" + name;
  spec.interval = interval;
  return spec;
}

manifest::Manifest manifest_of(std::vector<manifest::SessionSpec> sessions) {
  manifest::ManifestFile file;
  file.path = "m.yaml";
  file.owner = "prod";
  file.sessions = std::move(sessions);
  manifest::Manifest result;
  result.owner = "prod";
  result.files = {std::move(file)};
  return result;
}

pass::PassOutcome failed() {
  pass::PassOutcome outcome;
  outcome.error = errors::SessionError{errors::SessionError::Code::kApiError, "down"};
  return outcome;
}

/// When the only session is due after a pass that came to `outcome`.
ports::Duration delay_after(controller::SessionTable& table, const pass::PassOutcome& outcome) {
  auto now = std::max(kNow, table.next_due_after(ports::TimePoint{}).value_or(kNow));
  const auto started = table.start(now);
  REQUIRE(started);
  table.finish(started->spec.name, outcome, now, 0.5);
  REQUIRE(table.next_due_after(ports::TimePoint{}));
  return *table.next_due_after(ports::TimePoint{}) - now;
}

}  // namespace

TEST_CASE("a manifest in force makes every session due, a session that left it is let go") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a"), session("b")}), kNow);
  CHECK(table.start(kNow)->spec.name == "a");
  table.activate(manifest_of({session("a")}), kNow);
  CHECK_FALSE(table.start(kNow));
  table.finish("a", {}, kNow, 0.5);
  CHECK(table.start(kNow)->spec.name == "a");
  CHECK_FALSE(table.start(kNow));
}

TEST_CASE("a permission to delete holds for one pass that came as far as to use it") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  table.demand("a", "1f2e", kNow);
  CHECK(table.start(kNow)->allow_deletes == "1f2e");
  table.finish("a", failed(), kNow, 0.5);
  const auto again = *table.next_due_after(ports::TimePoint{});
  CHECK(table.start(again)->allow_deletes == "1f2e");
  pass::PassOutcome done;
  done.executed = true;
  table.finish("a", done, again, 0.5);
  table.touch({"a"}, again);
  CHECK(table.start(again)->allow_deletes.empty());
}

TEST_CASE("a session that is suspended by command is worked on at once, and writes nothing") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a"), session("b")}), kNow);
  for (int i = 0; i < 2; ++i) table.finish(table.start(kNow)->spec.name, {}, kNow, 0.5);
  table.set_suspended({"a", "unknown"}, kNow);
  const auto due = table.start(kNow);
  REQUIRE(due);
  CHECK(due->spec.name == "a");
  CHECK(due->spec.suspend);
  CHECK_FALSE(table.start(kNow));
  table.finish("a", {}, kNow, 0.5);
  table.set_suspended({}, kNow);
  CHECK_FALSE(table.start(kNow)->spec.suspend);
}

TEST_CASE("a pass is made with what is in force when it is handed out, not when it became due") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  table.set_suspended({"a"}, kNow);
  auto stricter = session("a");
  stricter.prune = manifest::Prune::kNone;
  table.activate(manifest_of({stricter}), kNow);
  const auto due = table.start(kNow);
  REQUIRE(due);
  CHECK(due->spec.suspend);
  CHECK(due->spec.prune == manifest::Prune::kNone);
  CHECK(due->generation == 2);
  CHECK(due->owner == "prod");
}

TEST_CASE("a pass learns that what it was made with is no longer in force") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a"), session("b")}), kNow);
  const auto a = *table.start(kNow);
  const auto b = *table.start(kNow);
  CHECK(table.is_in_force("a", a.revision));
  table.set_suspended({"a"}, kNow);
  CHECK_FALSE(table.is_in_force("a", a.revision));
  CHECK(table.is_in_force("b", b.revision));
  table.touch({"b"}, kNow);
  CHECK(table.is_in_force("b", b.revision));
  table.activate(manifest_of({session("a")}), kNow);
  CHECK_FALSE(table.is_in_force("b", b.revision));
}

TEST_CASE("a session is not handed out again before its pass was made public") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  table.start(kNow);
  table.touch({"a"}, kNow);
  table.record("a", {}, kNow, 0.5);
  CHECK_FALSE(table.start(kNow));
  table.release("a");
  CHECK(table.start(kNow));
}

TEST_CASE("what is due waits for a worker, and time is only waited for by what is not due yet") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a"), session("b", 60s)}), kNow);
  CHECK_FALSE(table.next_due_after(kNow));
  CHECK(table.figures(kNow).depth == 2);
  table.start(kNow);
  table.start(kNow);
  table.finish("b", {}, kNow, 0.5);
  CHECK(table.next_due_after(kNow) == kNow + 60s);
  CHECK(table.figures(kNow).depth == 0);
}

TEST_CASE(
    "each pass of the interval looks at the session itself, one that a change woke does not") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a", 60s)}), kNow);
  CHECK(table.start(kNow)->refresh);  // nobody ever did
  table.finish("a", {}, kNow, 0.5);
  table.touch({"a"}, kNow + 10s);
  CHECK_FALSE(table.start(kNow + 10s)->refresh);
  table.finish("a", {}, kNow + 10s, 0.5);
  const auto due = *table.next_due_after(ports::TimePoint{});
  CHECK(table.start(due)->refresh);
  table.finish("a", {}, due, 0.5);
  table.demand("a", "", due + 1s);
  CHECK(table.start(due + 1s)->refresh);
  table.finish("a", {}, due + 1s, 0.5);
}

TEST_CASE("changes that come all the time keep nobody from looking once an interval") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a", 60s)}), kNow);
  table.start(kNow);
  table.finish("a", {}, kNow, 0.5);
  int looks = 0;
  for (auto now = kNow + 1s; now <= kNow + 300s; now += 1s) {
    table.touch({"a"}, now);
    looks += table.start(now)->refresh ? 1 : 0;
    table.finish("a", {}, now, 0.5);
  }
  CHECK(looks == 4);
}

TEST_CASE("a session is in at most one pass, and an event meanwhile is not lost") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  REQUIRE(table.start(kNow));
  table.touch({"a", "unknown"}, kNow);
  CHECK_FALSE(table.start(kNow));
  table.finish("a", {}, kNow, 0.5);
  CHECK(table.start(kNow));
}

TEST_CASE("a session is in at most one pass, also when it gets another name meanwhile") {
  controller::SessionTable table({});
  auto renamed = session("b");
  renamed.session_id = "session_a";
  table.activate(manifest_of({session("a")}), kNow);
  CHECK(table.start(kNow)->spec.name == "a");
  table.activate(manifest_of({renamed, session("c")}), kNow);
  CHECK(table.start(kNow)->spec.name == "c");
  CHECK_FALSE(table.start(kNow));
  table.touch({"b"}, kNow);
  CHECK_FALSE(table.start(kNow));
  table.finish("a", {}, kNow, 0.5);
  CHECK(table.start(kNow)->spec.name == "b");
  CHECK_FALSE(table.start(kNow));
  table.finish("b", {}, kNow, 0.5);
  table.activate(manifest_of({session("a")}), kNow);
  CHECK(table.start(kNow)->spec.name == "a");
}

TEST_CASE("a converged session waits for its interval, or the rescan if that is sooner") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a", 60s)}), kNow);
  CHECK(delay_after(table, {}) == 60s);
  controller::SessionTable eager({5s, {}});
  eager.activate(manifest_of({session("a", 60s)}), kNow);
  CHECK(delay_after(eager, {}) == 5s);
}

TEST_CASE("the interval varies by five percent") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a", 100s)}), kNow);
  table.start(kNow);
  table.finish("a", {}, kNow, 0);
  CHECK(*table.next_due_after(ports::TimePoint{}) - kNow == 95s);
}

TEST_CASE(
    "a file that cannot be read in one piece is looked at soon, but a failure still backs off") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  pass::PassOutcome outcome;
  outcome.plan.blocked.push_back({desired::BlockedType::kFile, manifest::MountPath::of_file("/x"),
                                  desired::BlockCode::kUnstable, "it changes all the time"});
  CHECK(delay_after(table, outcome) < 60s);
  outcome.error = errors::SessionError{errors::SessionError::Code::kApiError, "down"};
  outcome.next_check_in = 0s;
  CHECK(delay_after(table, outcome) > 0s);
}

TEST_CASE("failures back off and success forgets them") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  const auto first = delay_after(table, failed());
  const auto second = delay_after(table, failed());
  CHECK(second >= 2 * first);
  delay_after(table, {});
  CHECK(delay_after(table, failed()) == first);
}

TEST_CASE("progress is no failure in a row") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  const auto first = delay_after(table, failed());
  auto progressing = failed();
  progressing.progressed = true;
  delay_after(table, failed());
  CHECK(delay_after(table, progressing) == first);
}

TEST_CASE("a change is not made to wait for an earlier failure's backoff") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  for (int i = 0; i < 10; ++i) {
    delay_after(table, failed());
  }
  table.touch({"a"}, kNow);
  CHECK(table.start(kNow));
}

TEST_CASE("a terminal session is looked at again at its interval only") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a", 60s)}), kNow);
  auto gone = failed();
  gone.terminal = true;
  CHECK(delay_after(table, gone) == 60s);
}

TEST_CASE("a file that changes all the time is tried again soon") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  pass::PassOutcome outcome;
  outcome.plan.blocked = {{desired::BlockedType::kFile, manifest::MountPath::of_file("/a"),
                           desired::BlockCode::kUnstable, "busy"}};
  CHECK(delay_after(table, outcome) < 1s);
}

TEST_CASE("a pass that asks to look again is followed at once") {
  controller::SessionTable table({});
  table.activate(manifest_of({session("a")}), kNow);
  pass::PassOutcome outcome;
  outcome.pass_again = true;
  CHECK(delay_after(table, outcome) == 0s);
}

TEST_CASE("only the sessions asked for are worked on") {
  controller::SessionTable table({10min, {"b"}});
  table.activate(manifest_of({session("a"), session("b")}), kNow);
  CHECK(table.start(kNow)->spec.name == "b");
  CHECK_FALSE(table.start(kNow));
}
