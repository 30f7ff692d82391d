#include "daemon/cli/output/status_view.h"

#include <stdexcept>

#include <catch2/catch.hpp>

#include "daemon/remote/event_parser.h"
#include "daemon/serve/documents.h"
#include "tests/daemon/status/passes.h"

using namespace sessync;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A daemon's board, one who follows its events, and what is answered to one who asks.
struct Watched {
  explicit Watched(const std::vector<std::string>& names) {
    board.manifest_read(manifest_of(names), {}, at(0));
    const auto begin = documents.beginning("", 0);
    told = begin.revision;
    take(*begin.text);
  }
  /// What is said of everything that happened since.
  std::string news() {
    const auto changes = documents.changes(told);
    told = changes.revision;
    return changes.text == nullptr ? "" : take(*changes.text);
  }
  std::string asked() {
    documents.expire();
    return status_table(*documents.status().text, {at(100), {}});
  }
  std::string shown() const { return followed.table(at(100)); }

  std::string take(const std::string& text) {
    std::string lines;
    EventParser([&](const std::string& kind, const std::string& data) {
      lines += followed.take(kind, data);
      return true;
    }).take(text);
    return lines;
  }

  StatusBoard board{kOrigin};
  Documents documents{board, {}};
  FollowedStatus followed{{}};
  std::uint64_t told = 0;
};

}  // namespace

TEST_CASE("who follows sees what one who asks is answered") {
  Watched watched({"a", "b"});
  CHECK(watched.shown() == watched.asked());
  watched.board.pass_started("a");
  watched.news();
  CHECK(has(watched.shown(), "syncing"));
  CHECK(watched.shown() == watched.asked());
  done(watched.board, "a", added("/x", at(5)), at(6));
  watched.board.pass_started("b");
  watched.news();
  CHECK(watched.shown() == watched.asked());
  done(watched.board, "b", blocked("/y", BlockCode::kConflict), at(7));
  watched.news();
  CHECK(has(watched.shown(), "! /y  conflict: in the way"));
  CHECK(watched.shown() == watched.asked());
  watched.board.manifest_read(with_error(manifest_of({"b", "c"}), "unknown key"), {}, at(8));
  watched.news();
  CHECK(has(watched.shown(), "unknown key"));
  CHECK(watched.shown() == watched.asked());
}

TEST_CASE("what changes is a line, what does not is none") {
  Watched watched({"a"});
  finish(watched.board, "a", {}, at(1));
  CHECK(has(watched.news(), "a: in sync, 0/0 resources, 0 blocked: "));
  watched.board.pass_started("a");
  CHECK(watched.news().empty());
  done(watched.board, "a", {}, at(2));
  CHECK(watched.news().empty());
  watched.board.manifest_read(manifest_of({"b"}), {}, at(3));
  CHECK(has(watched.news(), "a: left the manifest\n"));
}

TEST_CASE("only the sessions that were asked for are followed") {
  FollowedStatus followed({"b"});
  const std::string event = R"({"name":"a","conditions":[]})";
  CHECK(followed.take("session", event).empty());
  CHECK(followed.take("working", R"(["a"])").empty());
  CHECK(followed.take("left", R"(["a"])").empty());
}

TEST_CASE("what is no event of a daemon is an error, and obeys no escape") {
  FollowedStatus followed({});
  for (const auto* kind : {"session", "working", "left", "manifest", "status"}) {
    INFO(kind);
    CHECK_THROWS_AS(followed.take(kind, "<html>"), std::runtime_error);
    CHECK_THROWS_AS(followed.take(kind, "7"), std::runtime_error);
  }
  CHECK_FALSE(has(followed.take("session", R"({"name":"\u001b[2J"})"), "\x1b"));
}
