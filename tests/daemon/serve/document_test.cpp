#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/remote/daemon_file.h"
#include "daemon/serve/documents.h"
#include "daemon/serve/json_text.h"
#include "daemon/serve/status_json.h"
#include "reconciler/observe/server_time.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/status/passes.h"

/// The documents that machines read: their shape is a contract.
namespace sessync {
namespace {

using Json = nlohmann::ordered_json;

const char* const kHostile = "\"><script>\x1b[2J\xff\u202e\n\\";

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items()) {
    names.push_back(key);
  }
  return names;
}

status::SessionStatus full_session() {
  status::SessionStatus session;
  session.name = "research";
  session.session_id = "sesn_1";
  session.conditions = {{{"Ready", true, "Succeeded", kHostile}, at(1)}};
  session.generation = 3;
  session.observed_generation = 2;
  session.last_pass_at = at(2);
  session.suspended = state::Suspension{kHostile, at(3)};
  session.counts = {41, 38, 2, 1, 7, 48, 100};
  session.blocked = {{desired::BlockedType::kFile, manifest::MountPath::of_file("/b"),
                      desired::BlockCode::kConflict, kHostile}};
  session.unmanaged = {{"file", manifest::MountPath::of_file("/u"), ""}};
  session.held = plan::Held{"h1", {"r1", "r2"}};
  session.recent = {{at(4), "replace", "/r", "failed", kHostile}, {at(3), "add", "/a", "done", ""}};
  session.latencies = {ports::Duration(85), ports::Duration(90)};
  return session;
}

status::StatusSnapshot snapshot_of(const status::SessionStatus& session) {
  status::StatusSnapshot status;
  status.version = "1.2.3";
  status.started_at = ports::TimePoint{std::chrono::milliseconds(1'795'282'303'250)};
  status.manifest = {"/m.yaml", 3, false, true, {kHostile}, at(0)};
  status.workspace = "/w";
  status.notes = {"changes may be missed"};
  status.sessions = {std::make_shared<const status::SessionStatus>(session)};
  return status;
}

Json document_of(const status::SessionStatus& session) {
  const auto fragment = serve::session_document(session);
  return Json::parse(serve::status_document(snapshot_of(session), {&fragment}));
}

serve::Documents::Renderers counting(int& metrics) {
  return {[&metrics] { return std::to_string(++metrics); },
          [](const status::StatusSnapshot&, const page::PagePart&) { return std::string("page"); }};
}

}  // namespace

TEST_CASE("the status has the shape that is promised") {
  const auto status = document_of(full_session());
  CHECK(keys(status) == std::vector<std::string>{"version", "started_at", "state", "headline",
                                                 "manifest", "workspace", "notes", "sessions"});
  CHECK(status["state"] == "warn");
  CHECK(status["started_at"] == "2026-11-21T17:31:43.250Z");
  CHECK(status["manifest"]["path"] == "/m.yaml");
  CHECK(status["manifest"]["generation"] == 3);
  CHECK(status["manifest"]["valid"] == false);
  CHECK(status["manifest"]["errors"].size() == 1);
  CHECK(status["workspace"] == Json::parse(R"({"path":"/w","resolved":null})"));
  const auto& session = status["sessions"][0];
  CHECK(keys(session) == std::vector<std::string>{"name", "session_id", "state", "headline",
                                                  "conditions", "generation", "observed_generation",
                                                  "working", "last_pass_at", "last_converged_at",
                                                  "next_pass_at", "suspended", "counts", "blocked",
                                                  "unmanaged", "held", "recent", "latencies_ms"});
  CHECK(session["state"] == "suspended");
  CHECK(keys(session["conditions"][0]) ==
        std::vector<std::string>{"type", "status", "reason", "message", "last_transition_time"});
  CHECK(session["conditions"][0]["status"] == "True");
  CHECK(session["last_converged_at"].is_null());
  CHECK(session["suspended"]["at"] == observe::timestamp(at(3)));
  CHECK(session["counts"] ==
        Json::parse(R"({"desired":41,"in_sync":38,"pending":2,"blocked":1,"unmanaged":7,
                        "files":48,"max_files":100})"));
  CHECK(session["blocked"][0]["code"] == "conflict");
  CHECK(session["held"] == Json::parse(R"({"id":"h1","deletes":2})"));
  CHECK(session["recent"][0]["mount_path"] == "/r");
  CHECK(session["latencies_ms"] == Json::parse("[85,90]"));
}

TEST_CASE("every list without an end is cut, and its number stands beside it") {
  auto session = full_session();
  session.blocked.resize(60'000, session.blocked.front());
  session.unmanaged.resize(60'000, session.unmanaged.front());
  session.counts.blocked = session.counts.unmanaged = 60'000;
  auto status = snapshot_of(session);
  status.manifest.errors.resize(60'000, kHostile);
  const auto fragment = serve::session_document(session);
  const auto document = Json::parse(serve::status_document(status, {&fragment}));
  CHECK(document["manifest"]["errors"].size() == 500);
  CHECK(document["manifest"]["error_count"] == 60'000);
  const auto& shown = document["sessions"][0];
  CHECK(shown["blocked"].size() == 500);
  CHECK(shown["unmanaged"].size() == 500);
  CHECK(shown["counts"]["blocked"] == 60'000);
  CHECK(shown["counts"]["unmanaged"] == 60'000);
}

TEST_CASE("what is not there is null") {
  const auto session = document_of(status::SessionStatus{})["sessions"][0];
  for (const char* const key :
       {"session_id", "last_pass_at", "last_converged_at", "next_pass_at", "suspended", "held"}) {
    INFO(key);
    CHECK(session[key].is_null());
  }
}

TEST_CASE("a session that the manifest suspends says so") {
  status::SessionStatus session;
  session.suspended_by_manifest = true;
  CHECK(document_of(session)["sessions"][0]["suspended"] ==
        Json::parse(R"({"by":null,"at":null,"manifest":true})"));
}

TEST_CASE("hostile text stays text: one line of ASCII that reads back") {
  const auto text = serve::session_document(full_session());
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  const auto message = Json::parse(text)["conditions"][0]["message"].get<std::string>();
  CHECK(message.starts_with("\"><script>\x1b[2J"));
  CHECK(message.ends_with("\u202e\n\\"));
}

TEST_CASE("a probe is told every problem on a line of its own") {
  CHECK(serve::readiness_text({true, {}}) == "ready\n");
  CHECK(serve::readiness_text({false, {"a\nb", "c"}}) == "not ready\na\\x0ab\nc\n");
}

TEST_CASE("a document is rendered again only when something changed") {
  status::StatusBoard board(kOrigin);
  int metrics = 0;
  serve::Documents documents(board, counting(metrics));
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  const auto first = documents.status();
  documents.expire();
  CHECK(documents.status().text == first.text);
  finish(board, "a", {}, at(1));
  const auto second = documents.status(board.snapshot().revision);
  CHECK(second.text != first.text);
  CHECK(second.revision == board.snapshot().revision);
  CHECK(Json::parse(*second.text)["sessions"].size() == 2);
}

TEST_CASE("metrics that are asked for often are rendered seldom") {
  const status::StatusBoard board(kOrigin);
  int metrics = 0;
  serve::Documents documents(board, counting(metrics));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) {
    documents.metrics();
  }
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(metrics <= 1 + took / std::chrono::milliseconds(200));
}

TEST_CASE("changes are told once, and only what changed") {
  status::StatusBoard board(kOrigin);
  int metrics = 0;
  serve::Documents documents(board, counting(metrics));
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  const auto first = documents.changes(0);
  CHECK(first.text->find("event: manifest\n") != std::string::npos);
  CHECK(first.text->find("\"name\":\"b\"") != std::string::npos);
  CHECK(documents.changes(first.revision).text == nullptr);
  finish(board, "a", {}, at(1));
  const auto second = documents.changes(first.revision);
  CHECK(second.text->find("event: manifest\n") == std::string::npos);
  CHECK(second.text->find("\"name\":\"a\"") != std::string::npos);
  CHECK(second.text->find("\"name\":\"b\"") == std::string::npos);
  board.manifest_read(manifest_of({"a"}), {}, at(2));
  CHECK(documents.changes(second.revision).text->find("event: left\nid: ") != std::string::npos);
}

TEST_CASE("of a pass that begins only the name is told, unless there is more to tell") {
  status::StatusBoard board(kOrigin);
  int metrics = 0;
  serve::Documents documents(board, counting(metrics));
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  const auto told = documents.changes(0).revision;
  const auto missed_from = documents.id(told);
  board.pass_started("a");
  board.pass_started("b");
  const auto begun = documents.changes(told);
  CHECK(begun.text->starts_with("event: working\nid: "));
  CHECK(begun.text->ends_with("\ndata: [\"a\",\"b\"]\n\n"));
  done(board, "a", {}, at(1));
  board.pass_started("a");
  const auto again = documents.changes(begun.revision);
  CHECK(again.text->starts_with("event: session\n"));
  CHECK(again.text->find("\"working\":true") != std::string::npos);
  CHECK(again.text->find("event: working\n") == std::string::npos);
  const auto missed = documents.beginning(missed_from, 0);
  CHECK(missed.text->find("\ndata: [\"b\"]\n") != std::string::npos);
}

TEST_CASE("who comes back is told what it missed; whoever comes from another daemon, everything") {
  status::StatusBoard board(kOrigin);
  int metrics = 0;
  serve::Documents documents(board, counting(metrics));
  board.manifest_read(manifest_of({"a", "b"}), {}, at(0));
  const auto id = documents.id(board.snapshot().revision);
  finish(board, "a", {}, at(1));
  const auto missed = documents.beginning(id, 0);
  CHECK(missed.text->find("event: session\n") != std::string::npos);
  CHECK(missed.text->find("\"name\":\"b\"") == std::string::npos);
  for (const std::string& other : {std::string(), std::string("7-1"), id + "x", id + "000"}) {
    INFO(other);
    CHECK(
        documents.beginning(other, board.snapshot().revision).text->starts_with("event: status\n"));
  }
}

TEST_CASE("of the page only what changed is asked for, and rendered once for all who ask") {
  status::StatusBoard board(kOrigin);
  int rendered = 0;
  serve::Documents documents(
      board, {[] { return std::string(); },
              [&](const status::StatusSnapshot& status, const page::PagePart& part) {
                ++rendered;
                return page::render_page(status, part, at(9));
              }});
  board.manifest_read(manifest_of({"a", "b", "c"}), {}, at(0));
  const auto id = documents.id(board.revision());
  finish(board, "b", {}, at(1));
  const auto told = board.revision();
  const auto part = documents.page_since(id, told);
  CHECK(part->find("data-id=\"" + documents.id(told)) != std::string::npos);
  CHECK(part->find("id=\"s-b\"") != std::string::npos);
  CHECK(part->find("id=\"s-a\"") == std::string::npos);
  const auto before = rendered;
  for (int i = 0; i < 100 && part == documents.page_since(id, told); ++i) {
    CHECK(rendered == before);
  }
  finish(board, "c", {}, at(2));
  CHECK(documents.page_since(id, board.revision())->find("id=\"s-c\"") != std::string::npos);
  CHECK(documents.page(board.revision())->find("id=\"s-a\"") != std::string::npos);
  for (const std::string& other : {std::string(), std::string("7-1"), id + "x", id + "000"}) {
    INFO(other);
    CHECK(documents.page_since(other, 0)->find("data-part=\"whole\"") != std::string::npos);
  }
  for (int i = 0; i < 20; ++i) {
    finish(board, "b", {}, at(3));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto so_far = rendered;
  for (auto revision = board.revision(); revision > 0; --revision) {
    documents.page_since(documents.id(revision), 0);
  }
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(rendered - so_far <= 5 * (1 + took / std::chrono::milliseconds(200)));
  const auto one = documents.page_of("a");
  CHECK(one->find("id=\"s-a\"") != std::string::npos);
  CHECK(one->find("id=\"s-b\"") == std::string::npos);
}

TEST_CASE("the file that leads to the daemon is replaced at once and removed by its owner") {
  const test::TempTree tree;
  CHECK(remote::read_daemon_file(tree.path()).value() == std::nullopt);
  CHECK(remote::read_daemon_file(tree.at("missing")).value() == std::nullopt);
  REQUIRE(remote::write_daemon_file(tree.path(), {7, "127.0.0.1:1", ports::Secret("a")}));
  REQUIRE(remote::write_daemon_file(tree.path(), {8, "[::1]:2", ports::Secret("b")}));
  CHECK(remote::read_daemon_file(tree.path()).value() ==
        remote::DaemonFile{8, "[::1]:2", ports::Secret("b")});
  remote::remove_daemon_file(tree.path(), 7);
  CHECK(remote::read_daemon_file(tree.path()).value() ==
        remote::DaemonFile{8, "[::1]:2", ports::Secret("b")});
  remote::remove_daemon_file(tree.path(), 8);
  CHECK(remote::read_daemon_file(tree.path()).value() == std::nullopt);
  tree.write("daemon.json", "{\"pid\":\"x\"}");
  CHECK_FALSE(remote::read_daemon_file(tree.path()));
  CHECK_FALSE(remote::write_daemon_file(tree.at("missing"), {7, "off", ports::Secret("c")}));
}

}  // namespace sessync
