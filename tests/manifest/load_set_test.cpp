#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;
using Strings = std::vector<std::string>;

namespace {

/// A file of sessions, each given as the inside of its braces.
manifest::ManifestText text(const std::string& path, const Strings& sessions,
                            const std::string& owner = "me") {
  std::string all = "version: 1\nowner: " + owner + "\nsessions:\n";
  for (const auto& session : sessions) all += "  - {" + session + "}\n";
  if (sessions.empty()) all += "  []\n";
  return {path, all, ""};
}

manifest::ManifestText bad(const std::string& path) { return {path, "version: 1\nowner: [", ""}; }

/// Every session in force as "file:name=id/max_files".
Strings in_force(const manifest::Manifest& manifest) {
  Strings all;
  for (const auto& file : manifest.files) {
    for (const auto& session : file.sessions) {
      all.push_back(file.path + ":" + session.name + "=" + session.session_id.value_or("") + "/" +
                    std::to_string(session.max_files));
    }
  }
  return all;
}

Strings told(const manifest::Manifest& manifest) {
  Strings all;
  for (const auto& file : manifest.files) {
    for (const auto& place : places(file.problems)) all.push_back(file.path + ":" + place);
  }
  return all;
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
  CHECK(manifest.stale_files.empty());
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
  CHECK(next.stale_files == Strings{"a.yaml"});
  CHECK(next.owner == "me");
  REQUIRE(told(next).size() == 1);
  CHECK(next.problems().front().code == "yaml_syntax");

  SECTION("through any number of reloads") {
    const auto third = manifest::load_manifest({bad("a.yaml"), text("b.yaml", {})}, next);
    CHECK(in_force(third) == Strings{"a.yaml:x=sesn_1/100"});
    CHECK(third.stale_files == Strings{"a.yaml"});
  }
  SECTION("until it is good again") {
    const auto third =
        manifest::load_manifest({text("a.yaml", {"name: z, session_id: sesn_3"})}, next);
    CHECK(in_force(third) == Strings{"a.yaml:z=sesn_3/100"});
    CHECK(third.stale_files.empty());
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
  CHECK(first.stale_files.empty());
  CHECK(first.owner == "me");
  const auto second = manifest::load_manifest(
      {bad("a.yaml"), text("b.yaml", {"name: y, session_id: sesn_2"})}, first);
  CHECK(second.stale_files.empty());
  CHECK(in_force(second) == Strings{"b.yaml:y=sesn_2/100"});
}

TEST_CASE("A good file that declares nothing is not one that was never good") {
  const auto good = manifest::load_manifest({text("a.yaml", {})});
  CHECK(manifest::load_manifest({bad("a.yaml")}, good).stale_files == Strings{"a.yaml"});
}

TEST_CASE("What two files claim is an error of the later one") {
  struct Case {
    std::string first;
    std::string second;
    std::string place;
  };
  const auto c = GENERATE(values<Case>({
      {"name: x, session_id: sesn_1", "name: x, session_id: sesn_2", "b.yaml:4:12 duplicate_name"},
      {"name: x, session_id: sesn_1", "name: y, session_id: session_1",
       "b.yaml:4:27 duplicate_session_id"},
      {"name: x, session_id: sesn_1, outputs: {destination: o}",
       "name: y, session_id: sesn_2, outputs: {destination: o/p}",
       "b.yaml:4:58 destination_collision"},
      {"name: x, session_id: sesn_1, outputs: {destination: y}",
       "name: y, session_id: sesn_2, outputs: {}", "b.yaml:4:12 destination_collision"},
  }));
  CAPTURE(c.second);
  const auto manifest = manifest::load_manifest(
      {text("a.yaml", {c.first}), text("b.yaml", {c.second, "name: other, session_id: sesn_9"})});
  CHECK(told(manifest) == Strings{c.place});
  CHECK(in_force(manifest) == Strings{"a.yaml:x=sesn_1/100"});
  CHECK(manifest.problems().front().message.find("a.yaml:4") != std::string::npos);
}

TEST_CASE("A later file that claims what an earlier one has keeps its last good version") {
  const auto good = manifest::load_manifest({text("a.yaml", {"name: x, session_id: sesn_1"}),
                                             text("b.yaml", {"name: y, session_id: sesn_2"})});
  const auto next = manifest::load_manifest({text("a.yaml", {"name: x, session_id: sesn_1"}),
                                             text("b.yaml", {"name: y, session_id: sesn_1"})},
                                            good);
  CHECK(in_force(next) == Strings{"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/100"});
  CHECK(next.stale_files == Strings{"b.yaml"});
}

TEST_CASE("An earlier file that claims what a later one has waits, and the session is as it was") {
  const auto good = manifest::load_manifest({text("a.yaml", {"name: w, session_id: sesn_0"}),
                                             text("b.yaml", {"name: y, session_id: sesn_2"})});
  const auto moved = text("a.yaml", {"name: w, session_id: sesn_0, max_files: 5",
                                     "name: y, session_id: sesn_2, max_files: 9"});
  const auto both =
      manifest::load_manifest({moved, text("b.yaml", {"name: y, session_id: sesn_2"})}, good);
  CHECK(in_force(both) == Strings{"a.yaml:w=sesn_0/5", "b.yaml:y=sesn_2/100"});
  CHECK(told(both) == Strings{"a.yaml:5:12 claim_withheld?", "b.yaml:4:12 duplicate_name",
                              "b.yaml:4:27 duplicate_session_id"});
  CHECK(both.stale_files == Strings{"b.yaml"});

  // The move is complete once the later file has let go.
  const auto done = manifest::load_manifest({moved, text("b.yaml", {})}, both);
  CHECK(done.valid());
  CHECK(in_force(done) == Strings{"a.yaml:w=sesn_0/5", "a.yaml:y=sesn_2/9"});
}

TEST_CASE("A session that waits keeps what it was in its own file") {
  const auto good = manifest::load_manifest({text("a.yaml", {"name: x, session_id: sesn_1"}),
                                             text("b.yaml", {"name: y, session_id: sesn_2"})});
  // b is bad for a reason of its own and still holds the name that a gives its session now.
  const auto next = manifest::load_manifest(
      {text("a.yaml", {"name: y, session_id: sesn_1, max_files: 9"}), bad("b.yaml")}, good);
  CHECK(in_force(next) == Strings{"a.yaml:x=sesn_1/100", "b.yaml:y=sesn_2/100"});
  CHECK(next.files.front().valid());
}

TEST_CASE("In force, nothing is ever claimed twice") {
  // Names and ids wander between three files, some of them bad; every state follows from the last.
  manifest::Manifest manifest;
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
      files.push_back(below(6) == 0 ? bad(path) : text(path, sessions));
    }
    manifest = manifest::load_manifest(files, manifest);
    std::set<std::string> names;
    std::set<std::string> ids;
    std::set<std::string> destinations;
    const auto sessions = manifest.sessions();
    for (const auto& session : sessions) {
      names.insert(session.name);
      ids.insert(session.session_id.value());
      destinations.insert(session.outputs.value().destination);
    }
    CAPTURE(round);
    REQUIRE(names.size() == sessions.size());
    REQUIRE(ids.size() == sessions.size());
    REQUIRE(destinations.size() == sessions.size());
    REQUIRE(manifest.files.size() == files.size());
  }
}

TEST_CASE("A set has one owner: the first file's") {
  const auto manifest =
      manifest::load_manifest({text("a.yaml", {"name: x, session_id: sesn_1"}),
                               text("b.yaml", {"name: y, session_id: sesn_2"}, "you")});
  CHECK(manifest.owner == "me");
  CHECK(told(manifest) == Strings{"b.yaml:2:8 owner_mismatch"});
  CHECK(in_force(manifest) == Strings{"a.yaml:x=sesn_1/100"});
  // A first file that was never good has no say.
  const auto other = manifest::load_manifest(
      {bad("a.yaml"), text("b.yaml", {"name: y, session_id: sesn_2"}, "you")});
  CHECK(other.owner == "you");
  // One that was good has.
  const auto later = manifest::load_manifest(
      {bad("a.yaml"), text("b.yaml", {"name: y, session_id: sesn_2"}, "you")}, manifest);
  CHECK(later.owner == "me");
  CHECK(later.files.at(1).problems.front().code == "owner_mismatch");
}

TEST_CASE("Problems are written as compilers write them") {
  CHECK(manifest::format_problem(
            {{"a.yaml", 3, 7}, manifest::Problem::Severity::kError, "x", "is wrong"}) ==
        "a.yaml:3:7: error: is wrong");
  CHECK(manifest::format_problem(
            {{"a.yaml", 3, 7}, manifest::Problem::Severity::kWarning, "x", "is odd"}) ==
        "a.yaml:3:7: warning: is odd");
}
