#include <catch2/catch.hpp>

#include "manifest/load.h"
#include "reconciler/condition.h"
#include "reconciler/policy/judge.h"
#include "tests/reconciler/fixtures.h"
#include "tests/reconciler/world.h"

namespace sessync {
namespace {

using Lines = std::vector<std::string>;

/// Two teams' files, which declare the same.
const std::string kSessions = R"(version: 1
owner: prod
sessions:
  - name: a-1
    session_id: sesn_1
    prune: all
    on_conflict: replace
    resources:
      - {type: file, source: a/, mount_path: /a}
      - {type: file, source: a/b.txt, mount_path: /b.txt}
      - {type: file, source: common/, archive: zip, mount_path: /c.zip}
      - {type: file, file_id: file_1, mount_path: /u}
      - {type: memory_store, memory_store_id: memstore_1}
      - {type: github_repository, url: "https://github.com/O/R", authorization_token: {file: a/token}}
      - {type: github_repository, url: "https://github.com/O/S", authorization_token: {env: TOKEN}}
      - {type: github_repository, url: "https://github.com/O/T", authorization_token: {command: [cat]}}
    outputs: {destination: a/out}
)";

const std::string kAll = R"(names: ["*"], session_ids: ["*"], agents: ["*"], environments: ["*"],
     sources: [./], destinations: [./], secret_files: [./], env: ["*"], repositories: ["**"],
     memory_stores: ["*"], file_ids: ["*"], commands: true, prune_all: true, replace: true)";

policy::Boundaries with_policy(const std::string& rules, const policy::Boundaries& before = {}) {
  return policy::draw(
      {.policy = manifest::ManifestText{"p.yaml", "version: 1\nrules:\n" + rules, {}}}, before);
}

manifest::Manifest judged(const policy::Boundaries& boundaries, const std::string& text = kSessions,
                          const std::string& path = "/m/a.yaml") {
  auto manifest = manifest::load_manifest({{path, text, {}}});
  REQUIRE(manifest.valid());
  return policy::judge(std::move(manifest), boundaries);
}

/// "line message" of each violation.
Lines violations(const manifest::Manifest& manifest) {
  Lines lines;
  for (const auto& one : policy::violations(manifest)) {
    lines.push_back(std::to_string(one.at.line) + " " + one.message);
  }
  return lines;
}

TEST_CASE("without boundaries, and with a rule that allows everything, nothing is denied") {
  CHECK(violations(judged({})).empty());
  const auto manifest = judged(with_policy("  - {files: [a.yaml], " + kAll + "}\n"));
  CHECK(violations(manifest).empty());
  CHECK(manifest.sessions().front().prune == manifest::Prune::kAll);
}

TEST_CASE("what a rule does not name it does not allow, and each denial names rule and line") {
  const auto manifest = judged(with_policy(R"(  - files: [other.yaml]
  - files: ["a*.yaml"]
    names: ["a-*"]
    session_ids: [session_1]
    sources:
      - a/
    env: [OTHER]
)"));
  const std::string by = " is not allowed by rule 2 of p.yaml (line ";
  const std::string stays = "); what is there stays";
  CHECK(violations(manifest) ==
        Lines{"4 \"on_conflict: replace\"" + by + "4" + stays + "; conflicts are left alone",
              "4 \"prune: all\"" + by + "4" + stays + "; it prunes as \"owned\" does",
              "4 destination a/out/" + by + "4" + stays, "11 source common/" + by + "7" + stays,
              "12 file_id file_1" + by + "4" + stays,
              "13 memory store memstore_1" + by + "4" + stays,
              "14 secret file a/token" + by + "4" + stays, "15 variable TOKEN" + by + "9" + stays,
              "16 a token command" + by + "4" + stays});
  const auto session = manifest.sessions().front();
  CHECK_FALSE(session.permission.denied);
  CHECK(session.prune == manifest::Prune::kOwned);
  CHECK(session.on_conflict == manifest::OnConflict::kBlock);
  CHECK(session.resources[0].confined_to == "a");
  CHECK(session.resources[5].denied->of_secret);
  CHECK_FALSE(session.resources[6].denied->of_secret);
}

TEST_CASE("a session that is not allowed is denied with all that it declares") {
  const auto c = GENERATE(values<std::pair<std::string, std::string>>({
      {"  - {files: [b.yaml], " + kAll + "}\n", "no rule of p.yaml is for the manifest file"},
      {"  []\n", "no rule of p.yaml is for the manifest file"},
      {R"(  - {files: [a.yaml], session_ids: ["*"], names: [b-*]})",
       "session name a-1 is not allowed"},
      {R"(  - {files: [a.yaml], session_ids: [sesn_2], names: [a-*]})",
       "session sesn_1 is not allowed"},
      {R"(  - {files: [a.yaml], session_ids: ["*"], names: ["*"], max_sessions: 0})",
       "more than 0 sessions in one manifest file is not allowed"},
  }));
  const auto manifest = judged(with_policy(c.first));
  const auto session = manifest.sessions().front();
  REQUIRE(session.permission.denied);
  CHECK(session.permission.denied->find(c.second) == 0);
  CHECK(session.outputs->denied);
  CHECK(std::ranges::all_of(
      session.resources, [](const manifest::ResourceSpec& one) { return one.denied.has_value(); }));
  CHECK(policy::violations(manifest).size() == 1);
}

TEST_CASE("what a created session asks for is judged, and the cap counts the sessions of a file") {
  const std::string text = R"(version: 1
owner: prod
sessions:
  - {name: a-1, create: {agent: agent_1, environment_id: env_1, vault_ids: [vlt_1]}}
  - {name: a-2, create: {agent: agent_1, environment_id: env_2}}
  - {name: a-3, create: {agent: agent_2, environment_id: env_1}}
  - {name: a-4, create: {agent: agent_1, environment_id: env_1}}
  - {name: a-5, create: {agent: agent_1, environment_id: env_1}}
)";
  const auto manifest = judged(
      with_policy(
          R"(  - {files: [a.yaml], names: ["a-?"], agents: [agent_1], environments: [env_1], max_sessions: 4}
)"),
      text);
  Lines reasons;
  for (const auto& session : manifest.sessions()) {
    const auto reason = session.permission.denied.value_or("allowed");
    reasons.push_back(reason.substr(0, reason.find(" is not")));
  }
  CHECK(reasons == Lines{"vault vlt_1", "environment env_2", "agent agent_2", "allowed",
                         "more than 4 sessions in one manifest file"});
}

TEST_CASE("a file that is isolated keeps to the directories that are called like it") {
  const auto isolated = policy::draw({.isolate = true});
  CHECK(
      violations(judged(isolated, kSessions, "/m/a.yaml")) ==
      Lines{"11 source common/ is not allowed: --isolate keeps \"a.yaml\" to \"a/\"; what is there "
            "stays"});
  // Neither a longer name nor another ending is the same file.
  for (const auto* path : {"/m/ab.yaml", "/m/a.yml", "/m/b.yaml"}) {
    CAPTURE(path);
    CHECK(violations(judged(isolated, kSessions, path)).size() == 5);
  }
  const auto dots = judged(isolated, R"(version: 1
owner: prod
sessions:
  - name: a-1
    session_id: sesn_1
    resources:
      - {type: file, source: a/../b/, mount_path: /a}
      - {type: github_repository, url: "https://github.com/o/r", authorization_token: {file: a/../b/token}}
      - {type: github_repository, url: "https://github.com/o/s", authorization_token: {file: /etc/passwd}}
)");
  CHECK(violations(dots).size() == 3);
}

TEST_CASE("isolation and a policy both hold") {
  auto boundaries = with_policy(
      "  - {files: [a.yaml], names: ['*'], session_ids: ['*'], sources: [a/b.txt, common/]}\n");
  boundaries.isolate = true;
  const auto session = judged(boundaries).sessions().front();
  CHECK(session.resources[0].denied);
  CHECK_FALSE(session.resources[1].denied);
  CHECK(session.resources[1].confined_to == "a/b.txt");
  CHECK(session.resources[2].denied);
}

TEST_CASE(
    "a policy that is bad at the start allows nothing, one that becomes bad changes nothing") {
  const auto bad = with_policy("  - {files: 5}\n");
  const auto none = judged(bad);
  CHECK_FALSE(none.valid());
  CHECK(none.files.back().path == "p.yaml");
  CHECK(none.sessions().front().permission.policy_missing);
  const auto good = with_policy("  - {files: [a.yaml], " + kAll + "}\n");
  const auto later = judged(with_policy("  - {files: 5}\n", good));
  CHECK_FALSE(later.valid());
  CHECK_FALSE(later.sessions().front().permission.denied);
}

/// A daemon over a session in which three files are mounted.
struct Mounted {
  World world;
  Mounted() {
    world.file("a", "a");
    world.file("b", "b");
    REQUIRE(world.settle().converged());
  }
};

TEST_CASE("with a session that is denied nothing is done, and nobody is asked about it") {
  Mounted m;
  const auto before = m.world.held();
  m.world.remove("a");
  m.world.file("b", "changed");
  m.world.spec.permission.denied = "session name x is not allowed";
  m.world.api->calls.clear();
  const auto outcome = m.world.pass();
  CHECK(fixtures::lines(outcome.plan) == Lines{"blocked not_allowed "});
  CHECK(outcome.settled());
  CHECK(m.world.api->calls.entries().empty());
  CHECK(m.world.held() == before);
  CHECK(reconciler::conditions_of(outcome).front().reason == "NotAllowed");

  m.world.spec.permission.policy_missing = true;
  const auto missing = m.world.pass();
  CHECK(m.world.api->calls.entries().empty());
  CHECK(reconciler::conditions_of(missing).front().reason == "PolicyInvalid");

  m.world.spec.permission = {};
  CHECK(m.world.settle().converged());
  CHECK(m.world.held() == m.world.wanted());
}

TEST_CASE("files above a cap change nothing in the session until there are fewer") {
  Mounted m;
  const auto before = m.world.held();
  m.world.remove("a");
  for (const auto* name : {"c", "d"}) m.world.file(name, name);
  const auto is_by_bytes = GENERATE(false, true);
  auto& permission = m.world.spec.permission;
  (is_by_bytes ? permission.bytes : permission.files) =
      manifest::Cap{2, "rule 1 of p.yaml (line 9)"};
  const auto outcome = m.world.pass();
  CHECK(fixtures::lines(outcome.plan) == Lines{"blocked not_allowed "});
  CHECK(outcome.plan.blocked.front().reason.find("rule 1 of p.yaml (line 9) allows 2") !=
        std::string::npos);
  CHECK(m.world.held() == before);
  m.world.remove("d");
  CHECK(m.world.settle().converged());
  CHECK(m.world.held() == m.world.wanted());
}

TEST_CASE("what is denied stays mounted, and the rest of the session goes on") {
  manifest::SessionSpec spec;
  ports::WorkspaceSnapshot snapshot{"/w", {}};
  ports::SourceFiles found;
  found.files = {{"x", fixtures::digest('x'), 1}};
  spec.resources = {{{}, manifest::DirectoryResource{"a", {}, {}, "/a"}},
                    {{}, manifest::DirectoryResource{"b", {}, {}, "/b"}}};
  snapshot.sources = {found, ports::SourceUnavailable{"denied", true}};
  const observe::ObservedState observed{
      {fixtures::marked("r1", "/a/gone", '1'), fixtures::marked("r2", "/b/one", '2'),
       fixtures::marked("r3", "/b", '3'), fixtures::marked("r4", "/before/the/edit", '4'),
       fixtures::foreign("r5", "/theirs")},
      {},
      {}};
  plan::Policy policy;
  policy.prune = manifest::Prune::kAll;
  const auto by_scan = desired::resolve(spec, snapshot);
  spec.resources[1].denied = manifest::Denial{"denied"};
  snapshot.sources[1] = ports::SourceFiles{};
  const auto by_judgement = desired::resolve(spec, snapshot);
  for (const auto& desired : {by_scan, by_judgement}) {
    CHECK(fixtures::lines(fixtures::make_plan(desired, observed, policy)) ==
          Lines{"delete /a/gone r1", "add /a/x", "blocked not_allowed /b", "unmanaged /theirs"});
  }
}

TEST_CASE("a session that lacks what may not be attached is not created") {
  manifest::SessionSpec spec;
  const auto entry =
      GENERATE(as<manifest::ResourceVariant>{},
               manifest::RepositoryResource{"https://github.com/o/r", "/r", {}, {}, {}},
               manifest::MemoryStoreResource{"memstore_1", "read_only", {}});
  spec.resources = {{{}, entry, manifest::Denial{"denied"}}};
  World world;
  world.spec.session_id.reset();
  world.spec.create = manifest::CreateSpec{"agent_1", {}, "env_1", {}, {}, {}};
  world.spec.resources = spec.resources;
  world.file("a", "a");
  const auto outcome = world.settle();
  CHECK(outcome.session_id.empty());
  CHECK(world.api->calls.count(Operation::kCreateSession) == 0);
  CHECK(world.api->calls.count(Operation::kUpload) == 0);
  CHECK(outcome.plan.blocked.size() == 2);
}

TEST_CASE("a created session with more files than are allowed is not created") {
  World world;
  world.spec.session_id.reset();
  world.spec.create = manifest::CreateSpec{"agent_1", {}, "env_1", {}, {}, {}};
  world.spec.permission.files = manifest::Cap{1, "rule 1"};
  world.file("a", "a");
  world.file("b", "b");
  const auto outcome = world.settle();
  CHECK(world.api->calls.count(Operation::kCreateSession) == 0);
  CHECK(fixtures::lines(outcome.plan) == Lines{"blocked not_allowed "});
}

}  // namespace
}  // namespace sessync
