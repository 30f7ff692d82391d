#include "daemon/status/verdict.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/metrics/status_metrics.h"
#include "daemon/serve/status_json.h"
#include "daemon/status/board.h"
#include "daemon/status/words.h"
#include "reconciler/observe/server_time.h"
#include "tests/daemon/serve/page/page_fixture.h"
#include "tests/daemon/status/passes.h"

namespace sessync {
namespace {

using namespace std::chrono_literals;
using page_fixture::noon;
using page_fixture::scene;

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the first sentence says what is wrong") {
  const auto claim = [](const char* name) { return status::findings_of(scene(name)).front().text; };
  CHECK(claim("ok") == "All 2 sessions are in sync");
  CHECK(claim("syncing") == "1 of 2 sessions is syncing");
  CHECK(claim("blocked") == "2 of 4 sessions are blocked");
  CHECK(claim("suspended") == "2 of 3 sessions are suspended");
  CHECK(claim("api-down") == "The API cannot be reached: all 3 sessions are waiting");
  CHECK(claim("wrong-key") == "The API refuses the key: all 3 sessions are stopped");
  CHECK(claim("bad-manifest") == "The manifest is invalid: the last good version stays in force");
  CHECK(claim("no-manifest") == "The manifest is invalid: nothing is synchronised");
  CHECK(claim("empty") == "No session is declared");
}

TEST_CASE("times are worded by their largest unit") {
  const auto now = noon();
  CHECK(status::words::relative(now, now) == "just now");
  CHECK(status::words::relative(now - 59s, now) == "59 s ago");
  CHECK(status::words::relative(now - 60s, now) == "1 min ago");
  CHECK(status::words::relative(now + 90min, now) == "in 1 h");
  CHECK(status::words::relative(now - 49h, now) == "2 d ago");
  CHECK(status::words::relative(now + 400ms, now) == "now");
  CHECK(observe::timestamp_in_seconds(now + 61s) == "2026-11-21T12:01:01Z");
  CHECK(status::words::span(999ms) == "999 ms");
  CHECK(status::words::span(1250ms) == "1.2 s");
  CHECK(status::words::span(125s) == "2 min");
  CHECK(status::words::number(1234567) == "1,234,567");
  CHECK(status::words::number(123) == "123");
}

TEST_CASE("the document, the page's words and the metrics say the same of each session") {
  for (const auto& name : page_fixture::scene_names()) {
    const auto status = scene(name);
    const auto metrics = metrics::status_metrics(status);
    for (const auto& session : status.sessions) {
      CAPTURE(name, session->name);
      const auto document = nlohmann::json::parse(serve::session_document(*session));
      CHECK(document["state"] == status::name_of(status::state_of(*session)));
      CHECK_FALSE(document["headline"].get<std::string>().empty());
      const auto ready = "session=\"" + session->name + "\",type=\"Ready\"} ";
      CHECK(holds(metrics, ready + (status::condition_of(*session, "Ready").status ? "1" : "0")));
      if (status::is_as_declared(*session)) {
        CHECK(holds(metrics, ready + "1"));
      }
    }
  }
}

TEST_CASE("a probe is told the headline of each session that is not as declared, and of no other") {
  status::StatusBoard board(kOrigin);
  board.manifest_read(manifest_of({"blocked", "fine", "paused"}), {}, at(0));
  board.watching("/w");
  finish(board, "blocked", blocked("/x", desired::BlockCode::kConflict), at(1));
  finish(board, "fine", {}, at(1));
  finish(board, "paused", {}, at(1));
  board.set_suspensions({{"paused", state::Suspension{"ada", at(5)}}}, at(5));
  board.pass_started("fine");
  std::vector<std::string> expected;
  for (const auto* name : {"blocked", "paused"}) {
    expected.push_back(std::string(name) + ": " + status::headline_of(*board.find(name)));
  }
  CHECK(board.readiness().problems == expected);
  CHECK(expected[1] == "paused: Suspended by ada since 1970-01-12T13:46:45Z");
}

}  // namespace
}  // namespace sessync
