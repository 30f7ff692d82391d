#include <catch2/catch.hpp>

#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using Catch::Matchers::Contains;

ports::SourceSnapshot scan_confined(Workspace& ws, manifest::ResourceVariant what,
                                    std::optional<manifest::Denial> denied = {}) {
  const std::vector<manifest::ResourceSpec> resources{
      {.at = {}, .what = std::move(what), .denied = std::move(denied), .confined_to = "team-b"}};
  workspace::Scanner scanner(ws.cache, ws.options);
  auto snapshot =
      scanner.scan({.workspace = ws.workspace, .manifests = {}, .resources = resources});
  ws.statistics = scanner.statistics();
  return snapshot.sources.front();
}

/// Two teams' trees; links of the second one lead into its own and into the first one's.
struct ConfinedTeams : Workspace {
  ConfinedTeams() {
    tree.write("team-a/a", "a");
    tree.write("team-b/sub/b", "b");
    tree.write("team-bc/c", "c");
    tree.link("team-b/own", "sub/b");
    tree.link("team-b/stolen", "../team-a/a");
    tree.link("team-b/beside", "../team-bc/c");
    tree.link("team-b/theirs", "../team-a");
  }
};

TEST_CASE("A link that leads out of what an entry is confined to is blocked, and not read") {
  ConfinedTeams ws;
  const auto found = std::get<ports::SourceFiles>(scan_confined(ws, directory_source("team-b")));
  CHECK(paths(found) == Lines{"own", "sub/b"});
  CHECK(issue_paths(found) == Lines{"beside", "stolen"});
  for (const auto& issue : found.issues) {
    CHECK(issue.kind == ports::ScanIssue::Kind::kNotAllowed);
    // Nor is it told where it leads.
    CHECK_THAT(issue.message, !Contains("team-a") && !Contains("team-bc"));
  }
  CHECK(ws.statistics.files_hashed <= 2);  // "own" and what it leads to
}

TEST_CASE("A source that a link leads out of what it is confined to is not looked at") {
  ConfinedTeams ws;
  ws.tree.link("team-b/deep", "theirs");
  for (const auto* source : {"team-b/theirs", "team-b/deep"}) {
    const auto lost =
        std::get<ports::SourceUnavailable>(scan_confined(ws, directory_source(source)));
    CHECK(lost.not_allowed);
  }
  for (const auto* source : {"team-b/stolen", "team-b/theirs/a"}) {
    const auto lost = std::get<ports::SourceUnavailable>(scan_confined(ws, file_source(source)));
    CHECK(lost.not_allowed);
  }
  CHECK(std::holds_alternative<ports::SourceFiles>(scan_confined(ws, file_source("team-b/own"))));
  CHECK(ws.statistics.files_hashed <= 1);
}

TEST_CASE("Nothing is looked at for an entry that is not allowed") {
  ConfinedTeams ws;
  const auto snapshot =
      scan_confined(ws, directory_source("team-a"), manifest::Denial{"not allowed by rule 1"});
  const auto lost = std::get<ports::SourceUnavailable>(snapshot);
  CHECK(lost.not_allowed);
  CHECK(lost.message == "not allowed by rule 1");
  CHECK(ws.statistics.directories_read == 0);
}

}  // namespace
}  // namespace sessync::test
