#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;
using std::chrono_literals::operator""s;

TEST_CASE("The head of a manifest is checked") {
  const auto c = GENERATE(values<FaultyText>({
      {"owner: me\nsessions: []\n", {"1:1 missing_key"}},
      {"version: 2\nowner: me\nsessions: []\n", {"1:10 invalid_version"}},
      {"version: '1'\nowner: me\nsessions: []\n", {"1:10 wrong_type"}},
      {"version: 1.0\nowner: me\nsessions: []\n", {"1:10 wrong_type"}},
      {"version: 01\nowner: me\nsessions: []\n", {"1:10 octal_integer"}},
      {"version:\nowner: me\nsessions: []\n", {"1:1 wrong_type"}},
      {"version: 1\nsessions: []\n", {"1:1 missing_key"}},
      {"version: 1\nowner:\nsessions: []\n", {"2:1 wrong_type"}},
      {"version: 1\nowner: Data\nsessions: []\n", {"2:8 invalid_owner"}},
      {"version: 1\nowner: data_prod\nsessions: []\n", {"2:8 invalid_owner"}},
      {"version: 1\nowner: ''\nsessions: []\n", {"2:8 invalid_owner"}},
      {"version: 1\nowner: abcdefghijklmnopqrstu\nsessions: []\n", {"2:8 invalid_owner"}},
      {"version: 1\nowner: 123\nsessions: []\n", {"2:8 wrong_type"}},
      {"version: 1\nowner: me\n", {"1:1 missing_key"}},
      {"version: 1\nowner: me\nsessions:\n", {"3:1 wrong_type"}},
      {"version: 1\nowner: me\nsessions: {}\n", {"3:11 wrong_type"}},
      {"version: 1\nowner: me\nsessions: [x]\n", {"3:12 wrong_type"}},
      {"version: 1\nowner: me\nsessions: []\nsesions: []\n", {"4:1 unknown_key"}},
      {"version: 1\nowner: me\nsessions: []\ndefaults: []\n", {"4:11 wrong_type"}},
      {"version: 1\nowner: me\nsessions: []\ndefaults: {name: x}\n", {"4:12 misplaced_key"}},
      {"version: 1\nowner: me\nsessions: []\ndefaults: {session_id: x}\n", {"4:12 misplaced_key"}},
      {"version: 1\nowner: me\nsessions: []\ndefaults: {prune: most}\n", {"4:19 invalid_choice"}},
  }));
  CAPTURE(c.text);
  CHECK(places(load(c.text).problems) == c.places);
}

TEST_CASE("The keys of a session are checked") {
  const auto c = GENERATE(values<FaultyText>({
      {"    prune: everything\n", {"6:12 invalid_choice"}},
      {"    prune: [all]\n", {"6:12 wrong_type"}},
      {"    on_conflict: true\n", {"6:18 wrong_type"}},
      {"    suspend: yes\n", {"6:14 invalid_boolean"}},
      {"    suspend: on\n", {"6:14 invalid_boolean"}},
      {"    suspend: True\n", {"6:14 invalid_boolean"}},
      {"    suspend: 1\n", {"6:14 invalid_boolean"}},
      {"    suspend: \"true\"\n", {"6:14 wrong_type"}},
      {"    suspend:\n", {"6:5 wrong_type"}},
      {"    recreate: true\n", {"6:5 misplaced_key"}},
      {"    interval: 300\n", {"6:15 invalid_duration"}},
      {"    interval: 5 minutes\n", {"6:15 invalid_duration"}},
      {"    interval: 9s\n", {"6:15 out_of_range"}},
      {"    interval: 24h1s\n", {"6:15 out_of_range"}},
      {"    interval: {}\n", {"6:15 wrong_type"}},
      {"    max_deletes: 101%\n", {"6:18 invalid_percentage"}},
      {"    max_deletes: 05%\n", {"6:18 invalid_percentage"}},
      {"    max_deletes: 2.5%\n", {"6:18 invalid_percentage"}},
      {"    max_deletes: '%'\n", {"6:18 invalid_percentage"}},
      {"    max_deletes: -1\n", {"6:18 out_of_range"}},
      {"    max_deletes: 010\n", {"6:18 octal_integer"}},
      {"    max_deletes: 1.5\n", {"6:18 wrong_type"}},
      {"    max_files: 0\n", {"6:16 out_of_range"}},
      {"    max_files: -0\n", {"6:16 out_of_range"}},
      {"    max_files: 0o17\n", {"6:16 octal_integer"}},
      {"    max_files: 0x1F\n", {"6:16 octal_integer"}},
      {"    max_files: 1_000\n", {"6:16 wrong_type"}},
      {"    max_files: '100'\n", {"6:16 wrong_type"}},
      {"    max_files: 99999999999999999999\n", {"6:16 out_of_range"}},
      {"    max_file_size: 500\n", {"6:20 invalid_size"}},
      {"    secrets: never\n", {"6:14 invalid_choice"}},
      {"    secrets: true\n", {"6:14 wrong_type"}},
      {"    max_file_size: 500 MB\n", {"6:20 invalid_size"}},
      {"    max_file_size: 1.5GB\n", {"6:20 invalid_size"}},
      {"    max_file_size: 1TB\n", {"6:20 invalid_size"}},
      {"    max_file_size: 500mb\n", {"6:20 invalid_size"}},
      {"    max_file_size: 0MB\n", {"6:20 out_of_range"}},
      {"    max_file_size: []\n", {"6:20 wrong_type"}},
      {"    resources:\n", {"6:5 wrong_type"}},
      {"    resources: {}\n", {"6:16 wrong_type"}},
      {"    outputs:\n", {"6:5 wrong_type"}},
      {"    outputs: {destination: /x}\n", {"6:28 invalid_destination"}},
      {"    outputs: {destination: a/../..}\n", {"6:28 invalid_destination"}},
      {"    outputs: {destination: ./}\n", {"6:28 invalid_destination"}},
      {"    outputs: {destination: ''}\n", {"6:28 invalid_destination"}},
      {"    outputs: {include: '*.md'}\n", {"6:24 wrong_type"}},
      {"    outputs: {include: ['[a']}\n", {"6:25 invalid_pattern"}},
      {"    outputs: {include: ['!a']}\n", {"6:24 include_selects_nothing?"}},
      {"    outputs: {exclude: []}\n", {"6:15 unknown_key"}},
      {"    outputs: {max_file: 5}\n", {"6:25 invalid_size"}},
      {"    outputs: {max_total: 0MB}\n", {"6:26 out_of_range"}},
      {"    outputs: {max_files: 0}\n", {"6:26 out_of_range"}},
      {"    titel: x\n", {"6:5 unknown_key"}},
  }));
  CAPTURE(c.text);
  CHECK(places(load(with_session_keys(c.text)).problems) == c.places);
}

TEST_CASE("A session is named, and either exists or is created") {
  const auto c = GENERATE(values<FaultyText>({
      {"{name: a}", {"4:5 session_identity"}},
      {"{name: a, session_id: sesn_1, create: {agent: agent_1, environment_id: env_1}}",
       {"4:43 session_identity"}},
      {"{session_id: sesn_1}", {"4:5 missing_key"}},
      {"{name: '', session_id: sesn_1}", {"4:12 empty_value"}},
      {"{name: a b, session_id: sesn_1}", {"4:12 invalid_name"}},
      {"{name: .., session_id: sesn_1}", {"4:12 invalid_name"}},
      {"{name: a/b, session_id: sesn_1}", {"4:12 invalid_name"}},
      {"{name: 12, session_id: sesn_1}", {"4:12 wrong_type"}},
      {"{name: " + std::string(64, 'x') + ", session_id: sesn_1}", {"4:12 invalid_name"}},
      {"{name: a, session_id: }", {"4:15 wrong_type"}},
      {"{name: a, session_id: a/b}", {"4:27 invalid_id"}},
      {"{name: a, session_id: ..}", {"4:27 invalid_id"}},
      {"{name: a, session_id: agent_1}", {"4:27 invalid_id"}},
      {"{name: a, session_id: " + std::string(129, 'x') + "}", {"4:27 invalid_id"}},
      {"{name: a, session_id: sesn_1}\n  - {name: a, session_id: sesn_2}", {"5:12 duplicate_name"}},
      {"{name: a, session_id: sesn_1}\n  - {name: b, session_id: sesn_1}",
       {"5:27 duplicate_session_id"}},
      {"{name: a, session_id: sesn_1}\n  - {name: b, session_id: session_1}",
       {"5:27 duplicate_session_id"}},
      {"{name: a, session_id: sesn_1, outputs: {}}\n"
       "  - {name: b, session_id: sesn_2, outputs: {destination: a}}",
       {"5:58 destination_collision"}},
      {"{name: a, session_id: sesn_1, outputs: {destination: b/c}}\n"
       "  - {name: b, session_id: sesn_2, outputs: {}}",
       {"5:12 destination_collision"}},
      {"{name: a, session_id: sesn_1, outputs: {destination: x}}\n"
       "  - {name: b, session_id: sesn_2, outputs: {destination: ./x//y/}}",
       {"5:58 destination_collision"}},
  }));
  CAPTURE(c.text);
  const auto file = load("version: 1\nowner: me\nsessions:\n  - " + c.text + "\n");
  CHECK(places(file.problems) == c.places);
}

TEST_CASE("What a session does not say has its default") {
  const auto session = load_session(with_session_keys(""));
  CHECK(session.name == "s");
  CHECK(session.session_id == "sesn_1");
  CHECK_FALSE(session.create.has_value());
  CHECK(session.prune == manifest::Prune::kOwned);
  CHECK(session.on_conflict == manifest::OnConflict::kBlock);
  CHECK_FALSE(session.suspend);
  CHECK_FALSE(session.recreate);
  CHECK(session.interval == 300s);
  CHECK(session.max_deletes.is_percentage);
  CHECK(session.max_deletes.value == 25);
  CHECK(session.max_files == 100);
  CHECK(session.max_file_size == 500'000'000);
  CHECK(session.resources.empty());
  CHECK_FALSE(session.outputs.has_value());
  CHECK(session.at.line == 4);
  CHECK(session.at.column == 5);
}

TEST_CASE("What a session says is what it gets") {
  const auto session = load_session(with_session_keys(
      "    prune: all\n    on_conflict: replace\n    suspend: true\n    interval: 1h30m\n"
      "    max_deletes: 0\n    max_files: 500\n    recreate: false\n    resources: []\n"
      "    outputs: {}\n"));
  CHECK(session.prune == manifest::Prune::kAll);
  CHECK(session.on_conflict == manifest::OnConflict::kReplace);
  CHECK(session.suspend);
  CHECK(session.interval == 5400s);
  CHECK_FALSE(session.max_deletes.is_percentage);
  CHECK(session.max_deletes.value == 0);
  CHECK(session.max_files == 500);
  REQUIRE(session.outputs.has_value());
  CHECK(session.outputs->destination == "s");
  CHECK(session.outputs->include.empty());
  CHECK(session.outputs->max_file == 500'000'000);
  CHECK_FALSE(session.outputs->max_total);
  CHECK_FALSE(session.outputs->max_files);
  const auto other = load_session(
      with_session_keys("    prune: none\n    on_conflict: adopt\n    max_deletes: 100%\n"
                        "    outputs: {destination: a/./b//c/, include: ['*.md'],\n"
                        "      max_file: 1KB, max_total: 2GiB, max_files: 7}\n"));
  CHECK(other.prune == manifest::Prune::kNone);
  CHECK(other.on_conflict == manifest::OnConflict::kAdopt);
  CHECK(other.max_deletes.is_percentage);
  CHECK(other.max_deletes.value == 100);
  CHECK(other.outputs->destination == "a/b/c");
  CHECK(other.outputs->include.selects("x.md", false));
  CHECK_FALSE(other.outputs->include.selects("x.txt", false));
  CHECK(other.outputs->max_file == 1000);
  CHECK(other.outputs->max_total == std::uint64_t{2} << 30U);
  CHECK(other.outputs->max_files == 7);
}

TEST_CASE("The interval may be as short and as long as its limits") {
  CHECK(load_session(with_session_keys("    interval: 10s\n")).interval == 10s);
  CHECK(load_session(with_session_keys("    interval: 24h\n")).interval == 86400s);
}

TEST_CASE("A created session") {
  const auto create = [](const std::string& text) {
    return "version: 1\nowner: me\nsessions:\n  - name: s\n    create: " + text + "\n";
  };
  SECTION("with everything") {
    const auto session = load_session(create(
        "{agent: {type: agent, id: agent_1, version: 3}, environment_id: env_1, title: T, "
        "metadata: {team: data, empty: ''}, vault_ids: [vlt_1, vlt_2]}\n    recreate: true"));
    REQUIRE(session.create.has_value());
    CHECK(session.create->agent_id == "agent_1");
    CHECK(session.create->agent_version == 3);
    CHECK(session.create->environment_id == "env_1");
    CHECK(session.create->title == "T");
    CHECK(session.create->metadata ==
          std::map<std::string, std::string>{{"team", "data"}, {"empty", ""}});
    CHECK(session.create->vault_ids == std::vector<std::string>{"vlt_1", "vlt_2"});
    CHECK(session.recreate);
    CHECK_FALSE(session.session_id.has_value());
  }
  SECTION("with the least") {
    const auto session = load_session(create("{agent: agent_1, environment_id: env_1}"));
    CHECK(session.create->agent_id == "agent_1");
    CHECK_FALSE(session.create->agent_version.has_value());
    CHECK_FALSE(session.create->title.has_value());
    CHECK(session.create->metadata.empty());
    CHECK(session.create->vault_ids.empty());
  }
  SECTION("with mistakes") {
    std::string pairs = "a0: x";
    for (int i = 1; i < 16; ++i) pairs += ", a" + std::to_string(i) + ": x";
    const std::string rest = "environment_id: env_1, ";
    const auto c = GENERATE_COPY(values<FaultyText>({
        {"", {"5:5 wrong_type"}},
        {"agent_1", {"5:13 wrong_type"}},
        {"{}", {"5:13 missing_key", "5:13 missing_key"}},
        {"{agent: agent_1}", {"5:13 missing_key"}},
        {"{agent: env_1, environment_id: agent_1}", {"5:21 invalid_id", "5:44 invalid_id"}},
        {"{" + rest + "agent: {id: agent_1}}", {"5:44 missing_key"}},
        {"{" + rest + "agent: {type: bot, id: agent_1}}", {"5:51 invalid_choice"}},
        {"{" + rest + "agent: {type: agent, version: 0, id: agent_1}}", {"5:67 out_of_range"}},
        {"{" + rest + "agent: agent_1, title: 5}", {"5:60 wrong_type"}},
        {"{" + rest + "agent: agent_1, metadata: [a]}", {"5:63 wrong_type"}},
        {"{" + rest + "agent: agent_1, metadata: {a: 1}}", {"5:67 wrong_type"}},
        {"{" + rest + "agent: agent_1, metadata: {sessync_key: x}}", {"5:64 reserved_key"}},
        {"{" + rest + "agent: agent_1, metadata: {" + std::string(65, 'k') + ": x}}",
         {"5:64 too_long"}},
        {"{" + rest + "agent: agent_1, metadata: {a: " + std::string(513, 'v') + "}}",
         {"5:67 too_long"}},
        {"{" + rest + "agent: agent_1, metadata: {" + pairs + "}}", {"5:53 too_many"}},
        {"{" + rest + "agent: agent_1, vault_ids: vlt_1}", {"5:64 wrong_type"}},
        {"{" + rest + "agent: agent_1, vault_ids: [vlt_1, vlt_1]}", {"5:72 duplicate_id"}},
        {"{" + rest + "agent: agent_1, resources: []}", {"5:53 misplaced_key"}},
    }));
    CAPTURE(c.text);
    CHECK(places(load(create(c.text)).problems) == c.places);
  }
  SECTION("with the most metadata") {
    std::string pairs = std::string(64, 'k') + ": " + std::string(512, 'v');
    for (int i = 1; i < 15; ++i) pairs += ", a" + std::to_string(i) + ": x";
    const auto session =
        load_session(create("{agent: agent_1, environment_id: env_1, metadata: {" + pairs + "}}"));
    CHECK(session.create->metadata.size() == 15);
  }
}
