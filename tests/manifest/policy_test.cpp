#include "manifest/policy.h"

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;

namespace {

manifest::PolicyFile load_text(const std::string& text) {
  return manifest::load_policy({"p.yaml", text, {}});
}

/// A policy with one rule, in line 3, whose keys are indented by four.
std::string with_rule(const std::string& keys) { return "version: 1\nrules:\n  - " + keys + "\n"; }

Places texts(const manifest::AllowedPatterns& allowed) {
  Places all;
  for (const auto& pattern : allowed.patterns) all.push_back(pattern.text);
  return all;
}

}  // namespace

TEST_CASE("A rule says where it and each of its keys stand, and allows what it names") {
  const auto file = load_text(R"(version: 1
rules:
  - files: [team-a.yaml, "team-a-*.yaml"]
    names: ["a-*"]
    session_ids: [session_1, sesn_2]
    sources: [team-a/, ./shared//docs, ./]
    repositories: ["https://github.com/Example-Org/A-*"]
    commands: true
    max_sessions: 0
    max_bytes: 2GiB
  - {files: ["*"]}
)");
  REQUIRE(file.problems.empty());
  REQUIRE(file.policy.path == "p.yaml");
  REQUIRE(file.policy.rules.size() == 2);
  const auto& rule = file.policy.rules.front();
  CHECK(rule.line == 3);
  CHECK(texts(rule.files) == Places{"team-a.yaml", "team-a-*.yaml"});
  CHECK(rule.names.line == 4);
  CHECK(rule.names.patterns.front().glob.matches("a-1", nullptr));
  CHECK_FALSE(rule.names.patterns.front().glob.matches("b-1", nullptr));
  CHECK(texts(rule.session_ids) == Places{"sesn_1", "sesn_2"});
  CHECK(texts(rule.sources) == Places{"team-a", "shared/docs", ""});
  CHECK(rule.repositories.patterns.front().glob.matches("https://github.com/example-org/a-1",
                                                        nullptr));
  CHECK_FALSE(rule.repositories.patterns.front().glob.matches(
      "https://github.com/example-org/a-1/b", nullptr));
  CHECK(rule.commands.allowed);
  CHECK(rule.commands.line == 8);
  CHECK(rule.max_sessions.most == 0U);
  CHECK(rule.max_bytes.most == 2'147'483'648U);
  CHECK_FALSE(rule.max_files.most);
  CHECK(rule.env.patterns.empty());
  CHECK(rule.env.line == 3);
  CHECK_FALSE(rule.prune_all.allowed);
}

TEST_CASE("A policy is refused as strictly as a manifest, with every problem of it") {
  const auto c = GENERATE(values<FaultyText>({
      {"", {"1:1 empty"}},
      {"version: 2\nrules: []\n", {"1:10 invalid_version"}},
      {"rules: []\n", {"1:1 missing_key"}},
      {"version: 1\n", {"1:1 missing_key"}},
      {"version: 1\nrules: {}\n", {"2:8 wrong_type"}},
      {"version: 1\nrules: []\nowner: a\n", {"3:1 unknown_key"}},
      {with_rule("names: []"), {"3:5 missing_key"}},
      {with_rule("{files: []}"), {"3:13 missing_value"}},
      {with_rule("{files: a.yaml}"), {"3:13 wrong_type"}},
      {with_rule("{files: [teams/a.yaml]}"), {"3:14 invalid_file_name"}},
      {with_rule("{files: [a], source: [a/]}"), {"3:18 unknown_key"}},
      {with_rule("{files: [a], sources: [../b, /c, a/..]}"),
       {"3:28 invalid_path", "3:34 invalid_path", "3:38 invalid_path"}},
      {with_rule("{files: [a], names: ['[a', '', 1]}"),
       {"3:26 invalid_pattern", "3:32 empty_value", "3:36 wrong_type"}},
      {with_rule("{files: [a], commands: yes}"), {"3:28 invalid_boolean"}},
      {with_rule("{files: [a], max_files: -1}"), {"3:29 out_of_range"}},
      {with_rule("{files: [a], max_bytes: 5}"), {"3:29 invalid_size"}},
  }));
  CAPTURE(c.text);
  const auto file = load_text(c.text);
  CHECK_FALSE(file.valid());
  CHECK(places(file.problems) == c.places);
}

TEST_CASE("A policy that cannot be read is not an empty one") {
  const auto file = manifest::load_policy({"p.yaml", "", "Permission denied"});
  REQUIRE(file.problems.size() == 1);
  CHECK(manifest::format_problem(file.problems.front()) ==
        "p.yaml: error: cannot be read: Permission denied");
}
