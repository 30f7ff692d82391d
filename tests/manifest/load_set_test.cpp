#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;

namespace {

Strings told(const manifest::Manifest& manifest) {
  Strings all;
  for (const auto& file : manifest.files) {
    for (const auto& place : places(file.problems)) all.push_back(file.path + ":" + place);
  }
  return all;
}

/// Sessions that are not what their file says now, as "file:name", with "!" if only outputs are
/// not.
Strings stale(const manifest::Manifest& manifest) {
  Strings all;
  for (const auto& file : manifest.files) {
    for (const auto& [name, older] : file.older) {
      all.push_back(file.path + ":" + name + (older.outputs_only ? "!" : ""));
    }
  }
  return all;
}

std::string mirrored_path(std::string path) {
  path.front() = static_cast<char>('a' + ('c' - path.front()));
  return path;
}

/// Every session in force, by the name of its file or its mirror image.
std::set<std::string> sessions_by_file(const manifest::Manifest& manifest, bool mirror) {
  std::set<std::string> all;
  for (const auto& file : manifest.files) {
    for (const auto& session : file.sessions) {
      all.insert((mirror ? mirrored_path(file.path) : file.path) + ":" + session.name + "=" +
                 session.session_id.value_or("") + ">" +
                 (session.outputs ? session.outputs->destination : ""));
    }
  }
  return all;
}

/// One that lets a file have some sessions and not others, and some destinations; the same of its
/// mirror image.
manifest::MayHave some_rights(bool mirror) {
  return [mirror](const manifest::SessionSpec& session, std::size_t, manifest::ClaimKind kind) {
    const auto path = mirror ? mirrored_path(session.at.file) : session.at.file;
    const bool is_outputs = kind == manifest::ClaimKind::kDestination;
    if ((path.front() + session.name.back()) % 3 == 0) return false;
    return !is_outputs || (path.front() + session.outputs->destination.back()) % 4 != 0;
  };
}

const Strings kNothing;

}  // namespace

TEST_CASE("Files stand in the order of their paths") {
  const auto manifest = manifest::load_manifest({text("b.yaml", {"name: y, session_id: sesn_2"}),
                                                 text("a.yaml", {"name: x, session_id: sesn_1"})});
  CHECK(manifest.valid());
  CHECK(manifest.owner == "me");
  CHECK(in_force(manifest) == Strings{"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/100"});
  CHECK(manifest.sessions().size() == 2);
  CHECK(stale(manifest).empty());
}

TEST_CASE("No file at all is a manifest of nothing") {
  const auto manifest = manifest::load_manifest({});
  CHECK(manifest.valid());
  CHECK(manifest.owner.empty());
  CHECK(manifest.sessions().empty());
}

TEST_CASE("A bad file keeps its last good version, the others go on") {
  const auto good = manifest::load_manifest({text("a.yaml", {"name: x, session_id: sesn_1"}),
                                             text("b.yaml", {"name: y, session_id: sesn_2"})});
  const auto next = manifest::load_manifest(
      {bad("a.yaml"), text("b.yaml", {"name: y, session_id: sesn_2, max_files: 7"})}, good);
  CHECK_FALSE(next.valid());
  CHECK(in_force(next) == Strings{"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/7"});
  CHECK(stale(next) == Strings{"a.yaml:x"});
  CHECK(next.owner == "me");
  REQUIRE(told(next).size() == 1);
  CHECK(next.problems().front().code == "yaml_syntax");

  SECTION("through any number of reloads") {
    const auto third = manifest::load_manifest({bad("a.yaml"), text("b.yaml", {})}, next);
    CHECK(in_force(third) == Strings{"a.yaml:x=sesn_1/100"});
    CHECK(stale(third) == Strings{"a.yaml:x"});
  }
  SECTION("until it is good again") {
    const auto third =
        manifest::load_manifest({text("a.yaml", {"name: z, session_id: sesn_3"})}, next);
    CHECK(in_force(third) == Strings{"a.yaml:z=sesn_3/100"});
    CHECK(stale(third).empty());
    CHECK(third.valid());
  }
  SECTION("or gone") {
    const auto third = manifest::load_manifest({text("b.yaml", {})}, next);
    CHECK(in_force(third) == kNothing);
    CHECK(third.valid());
  }
  SECTION("an unreadable file is a bad file") {
    const auto third = manifest::load_manifest({{"a.yaml", "", "Permission denied"}}, next);
    CHECK(in_force(third) == Strings{"a.yaml:x=sesn_1/100"});
    CHECK(told(third) == Strings{"a.yaml:0:0 unreadable"});
  }
}

TEST_CASE("A file that was never good has no sessions") {
  const auto first =
      manifest::load_manifest({bad("a.yaml"), text("b.yaml", {"name: y, session_id: sesn_2"})});
  CHECK(in_force(first) == Strings{"b.yaml:y=sesn_2/100"});
  CHECK(stale(first).empty());
  CHECK(first.owner == "me");
  const auto second = manifest::load_manifest(
      {bad("a.yaml"), text("b.yaml", {"name: y, session_id: sesn_2"})}, first);
  CHECK(stale(second).empty());
  CHECK(in_force(second) == Strings{"b.yaml:y=sesn_2/100"});
}

TEST_CASE("A good file that declares nothing is not one that was never good") {
  const auto good = manifest::load_manifest({text("a.yaml", {})});
  CHECK(manifest::load_manifest({bad("a.yaml"), text("b.yaml", {}, "you")}, good).owner == "me");
}

TEST_CASE("What two files claim and neither had is neither's, whatever the files are called") {
  struct Case {
    std::string first;
    std::string second;
    Strings places;
    Strings in_force;
  };
  const auto c = GENERATE(values<Case>({
      {"name: x, session_id: sesn_1",
       "name: x, session_id: sesn_2",
       {"a.yaml:4:12 duplicate_name", "b.yaml:4:12 duplicate_name"},
       {}},
      {"name: x, session_id: sesn_1",
       "name: y, session_id: session_1",
       {"a.yaml:4:27 duplicate_session_id", "b.yaml:4:27 duplicate_session_id"},
       {}},
      // Over a destination only outputs are lost.
      {"name: x, session_id: sesn_1, outputs: {destination: o}",
       "name: y, session_id: sesn_2, outputs: {destination: o/p}",
       {"a.yaml:4:58 destination_collision", "b.yaml:4:58 destination_collision"},
       {"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/100"}},
      {"name: x, session_id: sesn_1, outputs: {destination: y}",
       "name: y, session_id: sesn_2, outputs: {}",
       {"a.yaml:4:58 destination_collision", "b.yaml:4:12 destination_collision"},
       {"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/100"}},
  }));
  CAPTURE(c.second);
  const auto manifest = manifest::load_manifest(
      {text("a.yaml", {c.first}), text("b.yaml", {c.second, "name: other, session_id: sesn_9"})});
  CHECK(told(manifest) == c.places);
  auto wanted = c.in_force;
  wanted.emplace_back("b.yaml:other=sesn_9/100");  // nobody else claims it
  CHECK(in_force(manifest) == wanted);
  for (const auto& session : manifest.sessions()) CHECK_FALSE(session.outputs);
  CHECK(manifest.problems().front().message.find("b.yaml:4") != std::string::npos);
  CHECK(manifest.problems().back().message.find("a.yaml:4") != std::string::npos);

  // Nor does it become anybody's while both insist, until one lets go.
  const auto again = manifest::load_manifest(
      {text("a.yaml", {c.first}), text("b.yaml", {c.second, "name: other, session_id: sesn_9"})},
      manifest);
  CHECK(in_force(again) == wanted);
  const auto done = manifest::load_manifest({text("b.yaml", {c.second})}, again);
  CHECK(done.valid());
  REQUIRE(done.sessions().size() == 1);
}

TEST_CASE("What a file has no other one takes, in force or after a restart") {
  const auto with = [](const std::string& path, const std::string& session) {
    return text(path, {session});
  };
  const auto mine = GENERATE(
      as<std::string>(), "name: x, session_id: sesn_1, outputs: {destination: o}",
      "name: x, create: {agent: agent_1, environment_id: env_1}, outputs: {destination: o}");
  const auto theirs =
      GENERATE(as<std::string>(), "name: x, session_id: sesn_2", "name: y, session_id: session_1",
               "name: y, session_id: sesn_2, outputs: {destination: o/p}",
               "name: y, session_id: sesn_2, outputs: {destination: o}");
  const auto taker = GENERATE(as<std::string>(), "a.yaml", "z.yaml");
  const auto before = manifest::load_manifest({with("m.yaml", mine)});
  REQUIRE(before.valid());
  const bool restarts = GENERATE(false, true);
  const auto last = restarts ? manifest::manifest_before(before.holdings()) : before;
  CAPTURE(mine, theirs, taker, last.files.size());
  auto after = manifest::load_manifest({with("m.yaml", mine), with(taker, theirs)}, last);
  for (const auto& file : after.files) {
    if (file.path != "m.yaml") continue;
    CHECK(file.valid());
    REQUIRE(file.sessions.size() == 1);
    CHECK(file.sessions.front().name == "x");
    CHECK(file.sessions.front().outputs);
  }
  // Also while it cannot be read, and while nothing can.
  after = manifest::load_manifest({bad("m.yaml"), with(taker, theirs)},
                                  manifest::manifest_before(before.holdings()));
  const bool collides =
      theirs.find("sesn_2") != std::string::npos
          ? theirs.find("name: x") != std::string::npos
          : mine.find("session_1") != std::string::npos || mine.find("sesn_1") != std::string::npos;
  if (collides) CHECK(after.sessions().empty());
  for (const auto& session : after.sessions()) CHECK_FALSE(session.outputs);
  const auto nothing = manifest::load_manifest({{"/set", "", "No such file or directory"}},
                                               manifest::manifest_before(before.holdings()));
  CHECK(nothing.holdings() == before.holdings());
}

TEST_CASE(
    "A file that claims what another one has keeps what it had itself, and the rest goes on") {
  const auto taker = GENERATE(as<std::string>(), "a.yaml", "z.yaml");
  const auto good = manifest::load_manifest(
      {text("m.yaml", {"name: x, session_id: sesn_1"}),
       text(taker, {"name: y, session_id: sesn_2", "name: w, session_id: sesn_3"})});
  const auto next = manifest::load_manifest(
      {text("m.yaml", {"name: x, session_id: sesn_1"}),
       text(taker, {"name: y, session_id: sesn_1", "name: w, session_id: sesn_3, max_files: 5"})},
      good);
  CHECK(told(next) == Strings{taker + ":4:27 duplicate_session_id"});
  auto sessions = in_force(next);
  std::sort(sessions.begin(), sessions.end());
  Strings wanted{"m.yaml:x=sesn_1/100", taker + ":w=sesn_3/5", taker + ":y=sesn_2/100"};
  std::sort(wanted.begin(), wanted.end());
  CHECK(sessions == wanted);
  CHECK(stale(next) == Strings{taker + ":y"});
}

TEST_CASE("A session that moves between files is its old one's until that lets go") {
  const auto good = manifest::load_manifest({text("a.yaml", {"name: w, session_id: sesn_0"}),
                                             text("b.yaml", {"name: y, session_id: sesn_2"})});
  const auto moved = text("a.yaml", {"name: w, session_id: sesn_0, max_files: 5",
                                     "name: y, session_id: sesn_2, max_files: 9"});
  const auto both =
      manifest::load_manifest({moved, text("b.yaml", {"name: y, session_id: sesn_2"})}, good);
  CHECK(in_force(both) == Strings{"a.yaml:w=sesn_0/5", "b.yaml:y=sesn_2/100"});
  CHECK(told(both) == Strings{"a.yaml:5:12 duplicate_name", "a.yaml:5:27 duplicate_session_id"});
  CHECK(stale(both).empty());

  // The move is complete once the other file has let go.
  const auto done = manifest::load_manifest({moved, text("b.yaml", {})}, both);
  CHECK(done.valid());
  CHECK(in_force(done) == Strings{"a.yaml:w=sesn_0/5", "a.yaml:y=sesn_2/9"});
}

TEST_CASE("A session that waits keeps what it was in its own file") {
  const auto good = manifest::load_manifest({text("a.yaml", {"name: x, session_id: sesn_1"}),
                                             text("b.yaml", {"name: y, session_id: sesn_2"})});
  // b is bad for a reason of its own and still has the name that a gives its session now.
  const auto next = manifest::load_manifest(
      {text("a.yaml", {"name: y, session_id: sesn_1, max_files: 9"}), bad("b.yaml")}, good);
  CHECK(in_force(next) == Strings{"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/100"});
  CHECK(told(next).front() == "a.yaml:4:12 duplicate_name");
}

TEST_CASE("Outputs go where they went, if they may not go where they should now") {
  const auto good = manifest::load_manifest(
      {text("a.yaml", {"name: x, session_id: sesn_1, outputs: {destination: o}"}),
       text("b.yaml", {"name: y, session_id: sesn_2, outputs: {destination: p}"})});
  const auto next = manifest::load_manifest(
      {text("a.yaml", {"name: x, session_id: sesn_1, max_files: 7, outputs: {destination: p/q}"}),
       text("b.yaml", {"name: y, session_id: sesn_2, outputs: {destination: p}"})},
      good);
  CHECK(told(next) == Strings{"a.yaml:4:72 destination_collision"});
  CHECK(in_force(next) == Strings{"a.yaml:x=sesn_1/7", "b.yaml:y=sesn_2/100"});
  CHECK(next.sessions().front().outputs.value().destination == "o");
  CHECK(stale(next) == Strings{"a.yaml:x!"});
}

TEST_CASE("What is let go is anybody's") {
  const auto good = manifest::load_manifest({text("b.yaml", {"name: y, session_id: sesn_2"})});
  const auto theirs = text("a.yaml", {"name: y, session_id: sesn_2"});
  const bool restarts = GENERATE(false, true);
  const auto next =
      manifest::load_manifest({theirs, text("b.yaml", {"name: z, session_id: sesn_3"})},
                              restarts ? manifest::manifest_before(good.holdings()) : good);
  CHECK(next.valid());
  CHECK(in_force(next) == Strings{"a.yaml:y=sesn_2/100", "b.yaml:z=sesn_3/100"});
  // Whoever had it before has it no more.
  const auto back =
      manifest::load_manifest({theirs, text("b.yaml", {"name: y, session_id: sesn_2"})},
                              manifest::manifest_before(next.holdings()));
  CHECK(in_force(back) == Strings{"a.yaml:y=sesn_2/100"});
  CHECK(told(back) == Strings{"b.yaml:4:12 duplicate_name", "b.yaml:4:27 duplicate_session_id"});
}

TEST_CASE("A set that was moved is the same set") {
  const auto good = manifest::load_manifest({text("/old/b.yaml", {"name: y, session_id: sesn_2"})});
  const auto next = manifest::load_manifest({text("/new/a.yaml", {"name: y, session_id: sesn_2"}),
                                             text("/new/b.yaml", {"name: y, session_id: sesn_2"})},
                                            manifest::manifest_before(good.holdings()));
  CHECK(in_force(next) == Strings{"/new/b.yaml:y=sesn_2/100"});
}

TEST_CASE("In force, nothing is ever claimed twice, and names of files decide nothing") {
  // Names and ids wander between three files, some of them bad, of owners that change; every state
  // follows from the last. Beside it the same files under other names, sorted the other way.
  const bool judged = GENERATE(false, true);
  const auto rights = judged ? some_rights(false) : manifest::MayHave();
  const auto mirrored_rights = judged ? some_rights(true) : manifest::MayHave();
  manifest::Manifest manifest;
  manifest::Manifest mirrored;
  unsigned state = 1;
  const auto below = [&state](unsigned bound) {
    state = state * 1664525U + 1013904223U;
    return (state >> 16U) % bound;
  };
  for (int round = 0; round < 2000; ++round) {
    std::vector<manifest::ManifestText> files;
    for (const auto* path : {"a.yaml", "b.yaml", "c.yaml"}) {
      if (below(8) == 0) continue;
      Strings sessions;
      for (unsigned i = 0; i < below(3); ++i) {
        sessions.push_back("name: n" + std::to_string(below(5)) + ", session_id: sesn_" +
                           std::to_string(below(5)) + ", outputs: {destination: d" +
                           std::to_string(below(5)) + "}");
      }
      const auto* owner = below(8) == 0 ? "you" : "me";
      files.push_back(below(6) == 0 ? bad(path) : text(path, sessions, owner));
    }
    if (below(10) == 0) {
      manifest = manifest::manifest_before(manifest.holdings());
      mirrored = manifest::manifest_before(mirrored.holdings());
    }
    manifest = manifest::load_manifest(files, manifest, {.may_have = rights});
    for (auto& file : files) file.path = mirrored_path(file.path);
    mirrored = manifest::load_manifest(files, mirrored, {.may_have = mirrored_rights});
    std::set<std::string> names;
    std::set<std::string> ids;
    std::set<std::string> destinations;
    const auto sessions = manifest.sessions();
    for (const auto& session : sessions) {
      names.insert(session.name);
      ids.insert(session.session_id.value());
      if (session.outputs && !destinations.insert(session.outputs->destination).second) {
        FAIL("two sessions have the destination " + session.outputs->destination);
      }
    }
    CAPTURE(round);
    REQUIRE(names.size() == sessions.size());
    REQUIRE(ids.size() == sessions.size());
    REQUIRE(manifest.files.size() == files.size());
    REQUIRE(manifest.owner == mirrored.owner);
    REQUIRE(sessions_by_file(manifest, false) == sessions_by_file(mirrored, true));
  }
}

TEST_CASE("The owner in force stays, whatever a file of another one is called") {
  const auto mine = text("m.yaml", {"name: x, session_id: sesn_1"});
  const auto other = GENERATE(as<std::string>(), "a.yaml", "z.yaml");
  const auto theirs = text(other, {"name: y, session_id: sesn_2"}, "you");
  const auto before = manifest::load_manifest({mine});
  const bool restarts = GENERATE(false, true);
  const auto last = restarts ? manifest::manifest_before(before.holdings()) : before;
  const auto next =
      manifest::load_manifest({mine, theirs}, last, {.owner_if_none = GENERATE("", "you")});
  CHECK(next.owner == "me");
  CHECK(told(next) == Strings{other + ":2:8 owner_mismatch"});
  CHECK(in_force(next) == Strings{"m.yaml:x=sesn_1/100"});
  // Not even where the others cannot be read.
  const auto unread = manifest::load_manifest({bad("m.yaml"), theirs}, last);
  CHECK(unread.owner == "me");
  CHECK(unread.sessions().size() == last.sessions().size());

  SECTION("until every file names the same new one") {
    const auto two = manifest::load_manifest(
        {text("m.yaml", {"name: x, session_id: sesn_1"}, "him"), theirs}, next);
    CHECK(two.owner == "me");
    CHECK(told(two).size() == 2);
    const auto all = manifest::load_manifest(
        {text("m.yaml", {"name: x, session_id: sesn_1"}, "you"), theirs}, two);
    CHECK(all.owner == "you");
    CHECK(all.valid());
    CHECK(all.sessions().size() == 2);
  }
}

TEST_CASE(
    "Where files disagree at a start and none was in force, none is, unless it is said which") {
  const Strings x{"name: x, session_id: sesn_1"};
  const Strings y{"name: y, session_id: sesn_2"};
  const std::vector files{text("a.yaml", x), text("b.yaml", y, "you")};
  const auto first = manifest::load_manifest(files);
  CHECK(first.owner.empty());
  CHECK(told(first) == Strings{"a.yaml:2:8 owner_mismatch", "b.yaml:2:8 owner_mismatch"});
  CHECK(in_force(first) == kNothing);
  CHECK(first.holdings() == manifest::Holdings());
  CHECK(manifest::load_manifest(files, first).owner.empty());

  const auto said = manifest::load_manifest(files, first, {.owner_if_none = "you"});
  CHECK(said.owner == "you");
  CHECK(in_force(said) == Strings{"b.yaml:y=sesn_2/100"});
  CHECK(told(said) == Strings{"a.yaml:2:8 owner_mismatch"});
  // What was in force counts for more, and so does what all agree on.
  CHECK(manifest::load_manifest(files, said, {.owner_if_none = "me"}).owner == "you");
  CHECK(manifest::load_manifest({text("a.yaml", x)}, {}, {.owner_if_none = "you"}).owner == "me");
  // A file whose owner cannot be read has no say.
  CHECK(manifest::load_manifest({bad("a.yaml"), text("b.yaml", y, "you")}).owner == "you");
  // One that is bad for another reason has.
  CHECK(manifest::load_manifest({text("a.yaml", {"name: x"}), text("b.yaml", y, "you")})
            .owner.empty());
}

TEST_CASE("Problems are written as compilers write them") {
  CHECK(manifest::format_problem(
            {{"a.yaml", 3, 7}, manifest::Problem::Severity::kError, "x", "is wrong"}) ==
        "a.yaml:3:7: error: is wrong");
  CHECK(manifest::format_problem(
            {{"a.yaml", 3, 7}, manifest::Problem::Severity::kWarning, "x", "is odd"}) ==
        "a.yaml:3:7: warning: is odd");
}
