#include "daemon/cli/output/status_view.h"

#include <sstream>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/serve/documents.h"
#include "tests/daemon/status/passes.h"

using namespace sessync;

namespace {

using Json = nlohmann::json;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A daemon's board, and one who follows its documents.
struct Watched {
  explicit Watched(const std::vector<std::string>& names, std::vector<std::string> only = {})
      : followed(std::move(only)) {
    board.manifest_read(manifest_of(names), {}, at(0));
    begin = news();
  }
  std::string document() {
    documents.expire();
    return *documents.status().text;
  }
  /// What is said of everything that happened since.
  std::string news() { return followed.take(document()); }
  std::vector<Json> events() {
    std::vector<Json> all;
    std::istringstream lines(program.take(document()));
    for (std::string line; std::getline(lines, line);) {
      all.push_back(Json::parse(line));
    }
    return all;
  }
  std::string shown() { return cli::status_table(document(), {at(100), {}}); }

  status::StatusBoard board{kOrigin};
  serve::Documents documents{board, {}};
  cli::FollowedStatus followed;
  cli::StatusEvents program;
  std::string begin;
};

}  // namespace

TEST_CASE("the table says what the document says of each session") {
  Watched watched({"a", "b"});
  finish(watched.board, "a", {}, at(1));
  finish(watched.board, "b", blocked("/y", desired::BlockCode::kConflict), at(7));
  const auto document = Json::parse(watched.document());
  for (const auto& session : document["sessions"]) {
    CHECK(has(watched.shown(), session["headline"].get<std::string>()));
  }
  CHECK(has(watched.shown(), "a        in sync  0/0      0        0/100  1 min ago  Succeeded: "));
  CHECK(has(watched.shown(), "b        blocked"));
  CHECK(has(watched.shown(), "! /y  conflict: in the way"));
  watched.board.pass_started("a");
  CHECK(has(watched.shown(), "a        syncing"));
  watched.board.manifest_read(with_error(manifest_of({"b", "c"}), "unknown key"), {}, at(8));
  watched.news();
  CHECK(has(watched.shown(), "unknown key"));
  CHECK(watched.followed.table(at(100)) == watched.shown());
}

TEST_CASE("what changes is a line, what does not is none") {
  Watched watched({"a"});
  CHECK(watched.begin ==
        "a: syncing, 0/0 resources, 0 blocked: Progressing: waiting for the first pass\n");
  finish(watched.board, "a", {}, at(1));
  CHECK(has(watched.news(), "a: in sync, 0/0 resources, 0 blocked: "));
  watched.board.pass_started("a");
  CHECK(watched.news().empty());
  done(watched.board, "a", {}, at(2));
  CHECK(watched.news().empty());
  watched.board.manifest_read(with_error(manifest_of({"b"}), "unknown key"), {}, at(3));
  const auto news = watched.news();
  CHECK(has(news, "a: left the manifest\n"));
  CHECK(has(news, "unknown key"));
  CHECK(watched.news().empty());
}

TEST_CASE("a daemon that has not read its manifest yet has lost no session") {
  Watched watched({"a"});
  const status::StatusBoard fresh(kOrigin);
  CHECK(watched.followed.take(*serve::Documents(fresh, {}).status().text).empty());
  CHECK(watched.news().empty());
}

TEST_CASE("only the sessions that were asked for are followed") {
  Watched watched({"a", "b"}, {"b"});
  CHECK(has(watched.begin, "b: "));
  CHECK_FALSE(has(watched.begin, "a: "));
  CHECK_FALSE(has(watched.followed.table(at(1)), "\na "));
  watched.board.manifest_read(manifest_of({"b"}), {}, at(3));
  CHECK(watched.news().empty());
}

TEST_CASE("a program is told everything once, and then what changed") {
  Watched watched({"a", "b"});
  auto events = watched.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0]["event"] == "status");
  CHECK(events[0]["data"] == Json::parse(watched.document()));
  CHECK(watched.events().empty());
  watched.board.pass_started("a");
  events = watched.events();
  REQUIRE(events.size() >= 1);
  CHECK(events[0]["event"] == "session");
  CHECK(events[0]["data"]["name"] == "a");
  CHECK(events[0]["data"]["working"] == true);
  watched.board.manifest_read(manifest_of({"b"}), {}, at(3));
  events = watched.events();
  CHECK(events.back() == Json::parse(R"({"event":"left","data":["a"]})"));
  CHECK(events[events.size() - 2]["event"] == "manifest");
  CHECK_FALSE(events[events.size() - 2]["data"].contains("sessions"));
}

TEST_CASE("what is no document of a daemon is an error, and obeys no escape") {
  cli::FollowedStatus followed({});
  cli::StatusEvents program;
  for (const auto* text : {"<html>", "7", ""}) {
    INFO(text);
    CHECK_THROWS_AS(followed.take(text), std::runtime_error);
    CHECK_THROWS_AS(program.take(text), std::runtime_error);
  }
  const std::string hostile =
      R"({"manifest":{"generation":1},"sessions":[{"name":"\u001b[2J","state":"\u001b[2J"}]})";
  CHECK_FALSE(has(followed.take(hostile) + followed.table(at(1)), "\x1b"));
  CHECK_FALSE(has(program.take(hostile), "\x1b"));
}
