#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;
using std::chrono_literals::operator""min;

namespace {

manifest::ManifestFile with_defaults(const std::string& defaults, const std::string& sessions) {
  return load("version: 1\nowner: me\ndefaults:\n" + defaults + "sessions:\n" + sessions);
}

std::vector<std::string> sources(const manifest::SessionSpec& session) {
  std::vector<std::string> all;
  all.reserve(session.resources.size());
  for (const auto& resource : session.resources) {
    all.push_back(std::get<manifest::FileResource>(resource.what).source);
  }
  return all;
}

}  // namespace

TEST_CASE("A session takes from the defaults what it does not say") {
  const auto file = with_defaults(
      "  prune: none\n  on_conflict: adopt\n  suspend: true\n  interval: 1m\n"
      "  max_deletes: 7\n  max_files: 9\n  max_file_size: 1KiB\n  secrets: allow\n  outputs: "
      "{include: ['*.md']}\n",
      "  - {name: a, session_id: sesn_1}\n"
      "  - {name: b, session_id: sesn_2, prune: all, on_conflict: replace, suspend: false,\n"
      "     interval: 2m, max_deletes: 50%, max_files: 11, max_file_size: 2MB, secrets: warn, "
      "outputs: "
      "{destination: x}}\n");
  REQUIRE(places(file.problems) == Places{});
  const auto& a = file.sessions.at(0);
  CHECK(a.prune == manifest::Prune::kNone);
  CHECK(a.on_conflict == manifest::OnConflict::kAdopt);
  CHECK(a.suspend);
  CHECK(a.interval == 1min);
  CHECK_FALSE(a.max_deletes.is_percentage);
  CHECK(a.max_deletes.value == 7);
  CHECK(a.max_files == 9);
  CHECK(a.max_file_size == 1024);
  CHECK(a.secrets == manifest::SecretsPolicy::kAllow);
  CHECK(a.outputs.value().destination == "a");
  CHECK_FALSE(a.outputs->include.empty());
  const auto& b = file.sessions.at(1);
  CHECK(b.prune == manifest::Prune::kAll);
  CHECK(b.on_conflict == manifest::OnConflict::kReplace);
  CHECK_FALSE(b.suspend);
  CHECK(b.interval == 2min);
  CHECK(b.max_deletes.is_percentage);
  CHECK(b.max_deletes.value == 50);
  CHECK(b.max_files == 11);
  CHECK(b.max_file_size == 2'000'000);
  CHECK(b.secrets == manifest::SecretsPolicy::kWarn);
  // A key of its own wins whole.
  CHECK(b.outputs.value().destination == "x");
  CHECK(b.outputs->include.empty());
}

TEST_CASE("Resources of the defaults come first, then the session's own") {
  const auto file =
      with_defaults("  resources: [{type: file, source: d1}, {type: file, source: d2}]\n",
                    "  - {name: a, session_id: sesn_1, resources: [{type: file, source: own}]}\n"
                    "  - {name: b, session_id: sesn_2}\n"
                    "  - {name: c, session_id: sesn_3, resources: []}\n");
  REQUIRE(places(file.problems) == Places{});
  CHECK(sources(file.sessions.at(0)) == std::vector<std::string>{"d1", "d2", "own"});
  CHECK(sources(file.sessions.at(1)) == std::vector<std::string>{"d1", "d2"});
  CHECK(sources(file.sessions.at(2)) == std::vector<std::string>{"d1", "d2"});
}

TEST_CASE("Create is merged key by key, and only where there is one") {
  const auto file = with_defaults(
      "  create: {agent: agent_1, environment_id: env_1, metadata: {a: x, b: y}, title: T}\n"
      "  recreate: true\n",
      "  - {name: a, create: {}}\n"
      "  - {name: b, create: {agent: {type: agent, id: agent_2, version: 4}, metadata: {c: z}}}\n"
      "  - {name: c, session_id: sesn_1}\n");
  REQUIRE(places(file.problems) == Places{});
  const auto& a = file.sessions.at(0);
  CHECK(a.create.value().agent_id == "agent_1");
  CHECK(a.create->environment_id == "env_1");
  CHECK(a.create->title == "T");
  CHECK(a.create->metadata.size() == 2);
  CHECK(a.recreate);
  const auto& b = file.sessions.at(1);
  CHECK(b.create.value().agent_id == "agent_2");
  CHECK(b.create->agent_version == 4);
  CHECK(b.create->environment_id == "env_1");
  CHECK(b.create->metadata == std::map<std::string, std::string>{{"c", "z"}});
  const auto& c = file.sessions.at(2);
  CHECK_FALSE(c.create.has_value());
  CHECK_FALSE(c.recreate);
}

TEST_CASE("A mistake in the defaults is told once, where it stands") {
  const auto sessions =
      "  - {name: a, session_id: sesn_1}\n"
      "  - {name: b, session_id: sesn_2}\n";
  CHECK(places(with_defaults("  interval: soon\n", sessions).problems) ==
        Places{"4:13 invalid_duration"});
  CHECK(places(with_defaults("  resources: [{type: file, source: x},\n"
                             "              {type: file, source: y, mount_path: /x}]\n",
                             sessions)
                   .problems) == Places{"5:51 mount_path_collision"});
  CHECK(places(with_defaults("  resources: [{type: file, source: x},\n"
                             "              {type: file, source: y, mount_path: /x}]\n",
                             "  []\n")
                   .problems) == Places{"5:51 mount_path_collision"});
}

TEST_CASE("An entry of a session may collide with one of the defaults") {
  const auto file =
      with_defaults("  resources: [{type: file, source: x}]\n",
                    "  - {name: a, session_id: sesn_1, resources: [{type: file, source: x/y}]}\n");
  CHECK(places(file.problems) == Places{"6:47 mount_path_collision"});
}

TEST_CASE("A destination among the defaults is the second session's mistake") {
  const auto file = with_defaults("  outputs: {destination: out}\n",
                                  "  - {name: a, session_id: sesn_1}\n"
                                  "  - {name: b, session_id: sesn_2}\n");
  CHECK(places(file.problems) == Places{"7:12 destination_collision"});
}

TEST_CASE("What create lacks after merging is missing") {
  const auto file =
      with_defaults("  create: {environment_id: env_1}\n", "  - {name: a, create: {title: x}}\n");
  CHECK(places(file.problems) == Places{"6:23 missing_key"});
}
