#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest/text/utf8.h"
#include "manifest_text.h"

using namespace sessync::test;

namespace {

const std::string kHead = "version: 1\nowner: me\n";

}  // namespace

TEST_CASE("What is no manifest as YAML is refused where it goes wrong") {
  const auto c = GENERATE(values<FaultyText>({
      {"", {"1:1 empty"}},
      {"# only a comment\n", {"1:1 empty"}},
      {"---\n", {"1:1 empty"}},
      {"~\n", {"1:1 empty"}},
      {"just text\n", {"1:1 wrong_type"}},
      {"- a\n", {"1:1 wrong_type"}},
      {kHead + "sessions: [\n", {"4:1 yaml_syntax"}},
      {kHead + "sessions: []\n  x: 1\n", {"4:3 yaml_syntax"}},
      {kHead + "sessions:\n\t- a\n", {"4:2 yaml_syntax"}},
      {"owner: 'me\nsessions: []\nversion: 1\n", {"1:8 yaml_syntax"}},
      {"owner: \"me\\\"\nsessions: []\n", {"1:8 yaml_syntax"}},
      {kHead + "sessions: *nowhere\n", {"3:11 yaml_syntax"}},
      {kHead + "sessions: []\n---\nversion: 1\n", {"4:1 multiple_documents"}},
      {kHead + "sessions: []\n---\n", {"4:1 multiple_documents"}},
      {kHead + "owner: you\nsessions: []\n", {"3:1 duplicate_key"}},
      {kHead + "\"owner\": you\nsessions: []\n", {"3:1 duplicate_key"}},
      {kHead + "<<: {sessions: []}\n", {"1:1 missing_key", "3:1 merge_key"}},
      {kHead + "\"<<\": 1\nsessions: []\n", {"3:1 unknown_key"}},
      {kHead + "? [a, b]\n: 1\nsessions: []\n", {"3:3 invalid_key"}},
      {kHead + "sessions: &all [*all]\n", {"3:17 cyclic_anchor", "3:17 wrong_type"}},
      {kHead + "sessions: !list []\n", {"3:11 unsupported_tag"}},
      {"version: 1\nowner: \xFF\nsessions: []\n", {"2:8 invalid_utf8"}},
      {"version: 1\nowner: \xC0\xAF\n", {"2:8 invalid_utf8"}},
      {"version: 1\nowner: m\xED\xA0\x80\n", {"2:9 invalid_utf8"}},
      {"version: 1\nown" + std::string(1, '\0') + "er: me\n", {"2:4 control_character"}},
      {"version: 1\x7F\n", {"1:11 control_character"}},
      {"\xFF\xFEv", {"1:1 invalid_utf8"}},
  }));
  CAPTURE(c.text);
  const auto file = load(c.text);
  CHECK(places(file.problems) == c.places);
  CHECK_FALSE(file.valid());
  CHECK(file.sessions.empty());
}

TEST_CASE("Harmless spellings of the same document are read") {
  const auto* const text = GENERATE(
      "version: 1\nowner: me\nsessions: []\n", "---\nversion: 1\nowner: me\nsessions: []\n...\n",
      "\xEF\xBB\xBFversion: 1\nowner: me\nsessions: []\n",
      "version: 1\r\nowner: me\r\nsessions: []\r\n", "{version: 1, owner: me, sessions: []}",
      "%YAML 1.2\n---\nversion: 1\nowner: me\nsessions: []\n",
      "version: !!int 1\nowner: !!str me\nsessions: !!seq []\n",
      "version: 1\nsessions: []\nowner: 'me'", "version: 1\nsessions: []\nowner: &a \"me\"\n");
  CAPTURE(text);
  const auto file = load(text);
  CHECK(places(file.problems) == Places{});
  CHECK(file.owner == "me");
}

TEST_CASE("A character that JSON writes as two escapes is one character") {
  const auto name_of = [](const std::string& written) {
    const auto file = load(
        "{\"version\": 1, \"owner\": \"me\", \"sessions\": [{\"name\": \"a\",\n"
        "  \"create\": {\"agent\": \"agent_1\", \"environment_id\": \"env_1\", "
        "\"title\": " +
        written + "}, \"resources\": []}]}");
    CAPTURE(written);
    REQUIRE(places(file.problems) == Places{});
    return file.sessions.at(0).create->title.value();
  };
  CHECK(name_of(R"("\ud83d\ude80")") == "\U0001F680");
  CHECK(name_of(R"("\uD83D\uDE80 and \ud83d\uDe80\uD834\uDD1E.")") ==
        "\U0001F680 and \U0001F680\U0001D11E.");
  CHECK(name_of(R"("\\\ud83d\ude80")") == "\\\U0001F680");
  CHECK(name_of(R"(!!str "\udbff\udfff")") == "\U0010FFFF");
  // Only there: elsewhere a backslash is one.
  CHECK(name_of(R"('\ud83d\ude80')") == R"(\ud83d\ude80)");
  CHECK(name_of(R"(x\ud83d\ude80)") == R"(x\ud83d\ude80)");
  CHECK(name_of(R"("\\ud83d\\ude80")") == R"(\ud83d\ude80)");
  // What stands in for a pair on its way through the parser may stand in the text as well.
  CHECK(name_of("\"\uF000\uE000\uE000\uE000 \\uf001 \\ud83d\\ude80\"") ==
        "\uF000\uE000\uE000\uE000 \uF001 \U0001F680");
}

TEST_CASE("A pair of escapes moves nothing that stands behind it") {
  const auto file =
      load(kHead +
           "sessions:\n  - {name: \"\\ud83d\\ude80\", session_id: sesn_1, max_files: x}\n"
           "  - |\n    \"\\ud83d\\ude80\"\n  # \"\\ud83d\\ude80\n  - 1\n");
  CHECK(places(file.problems) ==
        Places{"4:12 invalid_name", "4:59 wrong_type", "5:5 wrong_type", "8:5 wrong_type"});
}

TEST_CASE("Half a pair of escapes is refused in words that say what to write") {
  for (const auto* half : {R"("\ud83d")", R"("\ud83d \ude80")", R"("\ude80\ud83d")",
                           R"("\\\ud83dx")", R"("\ud83d\\ude80")"}) {
    CAPTURE(half);
    const auto file = load("version: 1\nowner: " + std::string(half) + "\nsessions: []\n");
    REQUIRE(file.problems.size() == 1);
    CHECK(file.problems[0].at.line == 2);
    CHECK(file.problems[0].message.find("one half of a character: write both halves") !=
          std::string::npos);
  }
}

TEST_CASE("No message of the parser's brings what stands in the file to a terminal") {
  for (const auto* text :
       {"sessions: [\"a\\", "\"\\\xC2\x9B\"", "a: !<\xC2\x9B> 1", "*\xE2\x80\xAE"}) {
    CAPTURE(text);
    const auto file = load(text);
    REQUIRE_FALSE(file.problems.empty());
    for (const auto& problem : file.problems) {
      CHECK(problem.message == sessync::manifest::printable(problem.message));
    }
  }
  CHECK(load("sessions: [\"a\\").problems.at(0).message.find("ends within an escape") !=
        std::string::npos);
}

TEST_CASE("A file that cannot be read or is too large is a problem of the whole file") {
  const auto unread = sessync::manifest::load_manifest_file({"m.yaml", "", "Permission denied"});
  CHECK(places(unread.problems) == Places{"0:0 unreadable"});
  CHECK(sessync::manifest::format_problem(unread.problems.front()) ==
        "m.yaml: error: cannot be read: Permission denied");
  const auto padding = std::string(sessync::manifest::kMaxManifestBytes, '#');
  CHECK(places(load(kHead + padding).problems) == Places{"0:0 too_large"});
  CHECK(places(load(std::string(10 << 20, '[')).problems) == Places{"0:0 too_large"});
}

TEST_CASE("A file of just the largest size is read") {
  auto text = kHead + "sessions: []\n#";
  text += std::string(sessync::manifest::kMaxManifestBytes - text.size(), 'x');
  CHECK(load(text).valid());
}

TEST_CASE("Nesting is bounded") {
  const auto nested = [](int depth) {
    return kHead + "sessions: " + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "\n";
  };
  CHECK(places(load(nested(31)).problems) == Places{"3:12 wrong_type"});
  CHECK(places(load(nested(32)).problems) == Places{"3:42 too_deep"});
  CHECK(places(load(nested(100'000)).problems) == Places{"3:42 too_deep"});
}

TEST_CASE("Aliases stand for their value, and cannot blow up") {
  const auto file = load(
      "version: 1\nowner: me\nsessions:\n"
      "  - name: a\n    session_id: sesn_1\n    resources: &r\n"
      "      - {type: file, source: a.txt}\n"
      "  - name: b\n    session_id: sesn_2\n    resources: *r\n");
  REQUIRE(file.problems.empty());
  REQUIRE(file.sessions.at(1).resources.size() == 1);
  CHECK(std::get<sessync::manifest::FileResource>(file.sessions.at(1).resources.front().what)
            .source == "a.txt");

  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const auto before = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) bomb += (k == 0 ? "*a" : ", *a") + before;
    bomb += "]\n";
  }
  const auto problems = load(kHead + bomb + "sessions: []\n").problems;
  CHECK(places(problems) == Places{"7:45 alias_expansion"});
}

TEST_CASE("A wrong value behind an alias is reported once") {
  const auto file = load(
      "version: 1\nowner: me\nsessions:\n"
      "  - {name: a, session_id: sesn_1, interval: &i soon}\n"
      "  - {name: b, session_id: sesn_2, interval: *i}\n");
  CHECK(places(file.problems) == Places{"4:45 invalid_duration"});
}

TEST_CASE("A flood of problems is cut off, and says so") {
  std::string text = kHead + "sessions:\n";
  for (int i = 0; i < 3000; ++i) text += "  - {}\n";
  const auto problems = load(text).problems;
  CHECK(problems.size() == 1001);
  CHECK(problems.front().code == "too_many_problems");
}
