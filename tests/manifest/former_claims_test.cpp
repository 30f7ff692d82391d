#include <string>

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;

namespace {

manifest::MayHave only_of(const std::string& file) {
  return [file](const manifest::SessionSpec& session, std::size_t, manifest::ClaimKind) {
    return session.at.file == file;
  };
}

}  // namespace

TEST_CASE("What a file may not have it keeps from no other, whoever was there first") {
  const auto squatter = GENERATE(as<std::string>(), "a.yaml", "z.yaml");
  const std::string what = "name: x, session_id: sesn_1, outputs: {destination: o}";
  const auto alone =
      manifest::load_manifest({text(squatter, {what})}, {}, {.may_have = only_of("m.yaml")});
  CHECK(in_force(alone).size() == 1);
  CHECK(alone.held.empty());
  const bool was_there = GENERATE(false, true);
  const auto last = was_there ? alone : manifest::Manifest();
  const auto both = manifest::load_manifest({text(squatter, {what}), text("m.yaml", {what})}, last,
                                            {.may_have = only_of("m.yaml")});
  CHECK(in_force(both) == Strings{"m.yaml:x=sesn_1/100"});
  REQUIRE(both.problems().size() == 3);
  CHECK(both.problems().front().at.file == squatter);
  const auto broken = manifest::load_manifest({bad(squatter), text("m.yaml", {what})}, alone,
                                              {.may_have = only_of("m.yaml")});
  CHECK(in_force(broken) == Strings{"m.yaml:x=sesn_1/100"});
  // Whom the policy lets have it no longer has it no longer, if another one may.
  const auto turned = manifest::load_manifest({text(squatter, {what}), text("m.yaml", {what})},
                                              both, {.may_have = only_of(squatter)});
  CHECK(in_force(turned) == Strings{squatter + ":x=sesn_1/100"});
}

TEST_CASE(
    "What a file had that is lately gone waits for it, but not from one that claims it anew") {
  const std::string what = "name: x, session_id: sesn_1";
  const auto taker = GENERATE(as<std::string>(), "a.yaml", "z.yaml");
  const auto mine = text("m.yaml", {what});
  const auto theirs = text(taker, {what, "name: y, session_id: sesn_2"}, GENERATE("me", "you"));
  const auto good = manifest::load_manifest({mine});
  const auto both = manifest::load_manifest({mine, theirs}, good);
  REQUIRE_FALSE(both.valid());
  const manifest::LoadRules gone{.lately_gone = {"m.yaml"}};
  auto away = manifest::load_manifest({theirs}, both, gone);
  CHECK(away.owner == "me");
  CHECK(away.held == both.held);
  for (const auto& session : away.sessions()) CHECK(session.name == "y");
  away = manifest::load_manifest({theirs}, away, gone);
  CHECK(in_force(manifest::load_manifest({mine, theirs}, away)) == in_force(both));
  const auto later = manifest::load_manifest({theirs}, away);
  CHECK(in_force(later).size() == 2);

  CHECK(in_force(manifest::load_manifest({text("n.yaml", {what})}, good, gone)) ==
        Strings{"n.yaml:x=sesn_1/100"});
  const auto other = manifest::load_manifest({mine, text("n.yaml", {})}, good);
  CHECK(in_force(manifest::load_manifest({text("n.yaml", {what})}, other, gone)) ==
        Strings{"n.yaml:x=sesn_1/100"});
}

TEST_CASE("The files of tokens are remembered while a file is bad, and over a restart") {
  const std::string code =
      "name: x, session_id: sesn_1, resources: [{type: github_repository, url: "
      "\"https://github.com/o/r\", authorization_token: {file: a/token}}]";
  const std::vector<manifest::NamedSecret> named{{"a/token", "m.yaml"}};
  const auto good = manifest::load_manifest({text("m.yaml", {code})});
  CHECK(good.secrets == named);
  const bool restarts = GENERATE(false, true);
  const auto last = restarts ? manifest::manifest_before(good.holdings()) : good;
  CHECK(manifest::load_manifest({bad("m.yaml")}, last).secrets == named);
  CHECK(manifest::load_manifest({{"/set", "", "No such file or directory"}}, last).secrets ==
        named);
  CHECK(manifest::load_manifest({text("m.yaml", {})}, last).secrets.empty());
  CHECK(manifest::load_manifest({text("n.yaml", {})}, last).secrets.empty());
  // One that is bad from the start says as much as it can.
  CHECK(manifest::load_manifest({text("m.yaml", {code, code})}).secrets == named);
}

TEST_CASE("What was refused gives way to where its holder moves, also over a restart") {
  const std::string what = "name: x, session_id: sesn_1";
  const auto taker = GENERATE(as<std::string>(), "a.yaml", "z.yaml");
  const auto theirs = text(taker, {what});
  const auto both = manifest::load_manifest({text("m.yaml", {what}), theirs},
                                            manifest::load_manifest({text("m.yaml", {what})}));
  CHECK(both.refused.size() == 2);
  const bool restarts = GENERATE(false, true);
  const auto last = restarts ? manifest::manifest_before(both.holdings()) : both;
  const manifest::LoadRules gone{.lately_gone = {"m.yaml"}};
  const auto away = manifest::load_manifest({theirs}, last, gone);
  CHECK(in_force(away).empty());
  CHECK(away.refused == both.refused);
  // It goes on waiting although it takes its claim back for a moment.
  const auto silent = manifest::load_manifest({text(taker, {})}, away, gone);
  CHECK(in_force(manifest::load_manifest({theirs}, silent, gone)).empty());
  for (const auto& before : {last, away, silent}) {
    const auto moved = manifest::load_manifest({theirs, text("n.yaml", {what})}, before, gone);
    CHECK(in_force(moved) == Strings{"n.yaml:x=sesn_1/100"});
    CHECK(in_force(manifest::load_manifest({theirs, text("n.yaml", {what})}, moved)) ==
          Strings{"n.yaml:x=sesn_1/100"});
  }
  const auto let_go =
      manifest::load_manifest({theirs, text("m.yaml", {}), text("n.yaml", {what})}, last);
  CHECK(in_force(let_go) == Strings{"n.yaml:x=sesn_1/100"});
  const auto over = manifest::load_manifest({theirs}, away);
  CHECK(in_force(over) == Strings{taker + ":x=sesn_1/100"});
  CHECK(over.refused.empty());
}

TEST_CASE("Where nobody had it, whoever comes later gets it as little as the others") {
  const std::string what = "name: x, session_id: sesn_1";
  const auto two = manifest::load_manifest({text("a.yaml", {what}), text("b.yaml", {what})});
  CHECK(two.refused.size() == 4);
  const auto three = manifest::load_manifest(
      {text("a.yaml", {what}), text("b.yaml", {what}), text("c.yaml", {what})}, two);
  CHECK(in_force(three).empty());
  CHECK(in_force(manifest::load_manifest({text("b.yaml", {what})}, three)) ==
        Strings{"b.yaml:x=sesn_1/100"});
}
