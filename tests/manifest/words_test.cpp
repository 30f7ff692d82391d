// The small parts that the parser is made of.

#include <array>

#include <catch2/catch.hpp>

#include "manifest/parse/edit_distance.h"
#include "manifest/text/duration.h"
#include "manifest/text/text.h"
#include "manifest/text/utf8.h"

using namespace sessync;
using std::chrono::seconds;

TEST_CASE("Durations") {
  struct Case {
    const char* text;
    int expected;  ///< -1: refused
  };
  const auto c = GENERATE(values<Case>({
      {"30s", 30},   {"5m", 300},   {"1h", 3600},        {"1h30m", 5400}, {"1h1m1s", 3661},
      {"90m", 5400}, {"0s", 0},     {"007s", 7},         {"1h5s", 3605},  {"", -1},
      {"5", -1},     {"m", -1},     {"5m1h", -1},        {"5m5m", -1},    {"1.5h", -1},
      {"-5m", -1},   {"5 m", -1},   {" 5m", -1},         {"5m ", -1},     {"5M", -1},
      {"5d", -1},    {"100ms", -1}, {"1234567890s", -1}, {"+5m", -1},     {"5mm", -1},
  }));
  CAPTURE(c.text);
  const auto duration = manifest::parse_duration(c.text);
  CHECK(duration.has_value() == (c.expected >= 0));
  if (duration) {
    CHECK(*duration == seconds(c.expected));
    CHECK(manifest::parse_duration(manifest::format_duration(*duration)) == duration);
  }
}

TEST_CASE("Durations are written as short as they can be") {
  CHECK(manifest::format_duration(seconds(0)) == "0s");
  CHECK(manifest::format_duration(seconds(10)) == "10s");
  CHECK(manifest::format_duration(seconds(86400)) == "24h");
  CHECK(manifest::format_duration(seconds(5405)) == "1h30m5s");
}

TEST_CASE("Keys and names of files are cut, escaped and masked") {
  using manifest::quoted;
  using manifest::quoted_key;
  using manifest::shown_file;
  const std::string token = "ghp_" + std::string(30, 'x');
  CHECK(quoted_key("interval") == "\"interval\"");
  CHECK(quoted_key(std::string(40, 'x')) == "\"" + std::string(40, 'x') + "\"");
  CHECK(quoted_key(std::string(41, 'x')) == "\"" + std::string(40, 'x') + "...\"");
  std::string accents;
  for (int i = 0; i < 41; ++i) accents += "\xC3\xA9";
  CHECK(quoted_key(accents) == "\"" + accents.substr(0, 80) + "...\"");
  CHECK(quoted_key("a\"b\\c\nd\x1b") == R"("a\"b\\c\nd\x1b")");
  CHECK(quoted_key("\xE2\x80\xAE") == R"("\xe2\x80\xae")");
  CHECK(quoted_key("::x:::") == R"("\x3a:x\x3a\x3a:")");
  CHECK(quoted_key("##vso[x]") == R"("\x23#vso[x]")");
  for (const auto& secret :
       {token, "x " + token, std::string("sk-ant-api03-x"), std::string("3f2a9c81d4b7e6052f1a"),
        std::string("-----BEGIN RSA PRIVATE KEY-----")}) {
    INFO(secret);
    CHECK(quoted_key(secret) == "\"[redacted]\"");
  }
  for (const std::string plain :
       {"ghp_", "a-key-of-many-words-2026-11-30-x", "sesn_011CZ", "task-ant-farm", "AKIA"}) {
    CHECK(quoted_key(plain) == "\"" + plain + "\"");
  }
  CHECK(quoted(token) == "\"[redacted]\"");
  CHECK(quoted("3f2a9c81d4b7e6052f1a") == "\"3f2a9c81d4b7e6052f1a\"");
  CHECK(shown_file("m.yaml") == "m.yaml");
  CHECK(shown_file("/etc/x/m.yaml") == "/etc/x/m.yaml");
  CHECK(shown_file("/x/" + token + ".yaml") == "/x/[redacted]");
  CHECK(shown_file("/x/::error::.yaml") == R"(/x/\x3a:error\x3a:.yaml)");
  CHECK(shown_file("/x/\x1b.yaml") == R"(/x/\x1b.yaml)");
  CHECK(shown_file("/x/" + std::string(50, 'n') + ".yaml") == "/x/" + std::string(40, 'n') + "...");
}

TEST_CASE("The distance of words") {
  CHECK(manifest::edit_distance("", "abc") == 3);
  CHECK(manifest::edit_distance("abc", "abc") == 0);
  CHECK(manifest::edit_distance("abc", "acb") == 1);
  CHECK(manifest::edit_distance("kitten", "sitting") == 3);
  CHECK(manifest::edit_distance("interval", "intervall") == 1);
}

TEST_CASE("Only a near word is suggested") {
  constexpr std::array<std::string_view, 4> kKnown = {"prune", "session_id", "on_conflict", "name"};
  CHECK(manifest::did_you_mean("purne", kKnown) == "; did you mean \"prune\"?");
  CHECK(manifest::did_you_mean("sesion-id", kKnown) == "; did you mean \"session_id\"?");
  CHECK(manifest::did_you_mean("on_conflikt", kKnown) == "; did you mean \"on_conflict\"?");
  CHECK(manifest::did_you_mean("colour", kKnown).empty());
  CHECK(manifest::did_you_mean("x", kKnown).empty());
  CHECK(manifest::did_you_mean("", kKnown).empty());
  CHECK(manifest::did_you_mean(std::string(1000, 'n'), kKnown).empty());
}

TEST_CASE("UTF-8") {
  CHECK_FALSE(
      manifest::first_invalid_utf8("plain \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80").has_value());
  CHECK(manifest::first_invalid_utf8("ab\x80") == 2);
  CHECK(manifest::first_invalid_utf8("a\xC3") == 1);
  CHECK(manifest::first_invalid_utf8("\xC1\x81") == 0);
  CHECK(manifest::first_invalid_utf8("\xE0\x80\x80") == 0);
  CHECK(manifest::first_invalid_utf8("\xED\xA0\x80") == 0);
  CHECK(manifest::first_invalid_utf8("\xF0\x80\x80\x80") == 0);
  CHECK(manifest::first_invalid_utf8("\xF4\x90\x80\x80") == 0);
  CHECK(manifest::first_invalid_utf8("\xF5\x80\x80\x80") == 0);
  CHECK(manifest::first_invalid_utf8("ok\xE2\x82") == 2);
  CHECK(manifest::count_characters("a\xC3\xA9\xF0\x9F\x98\x80") == 3);
}

TEST_CASE("Quoted text is short and printable") {
  CHECK(sessync::manifest::quoted("a") == "\"a\"");
  CHECK(sessync::manifest::quoted("a\"b\\\n\x01\x7F") == R"("a\"b\\\n\x01\x7f")");
  CHECK(sessync::manifest::quoted(std::string(81, 'x')) == "\"" + std::string(80, 'x') + "...\"");
  const auto cut = sessync::manifest::quoted(std::string(79, 'x') + "\xC3\xA9");
  CHECK(cut == "\"" + std::string(79, 'x') + "...\"");
}

TEST_CASE("What is shown of a hostile name neither steers a terminal nor looks like another") {
  CHECK(manifest::printable("a\x1b[31m\n\x7f\xC2\x9b") == "a\\x1b[31m\\x0a\\x7f\\xc2\\x9b");
  CHECK(manifest::printable("report\u202Efdp.exe") == "report\\xe2\\x80\\xaefdp.exe");
  for (const char* turned :
       {"\u061C", "\u200E", "\u200F", "\u2028", "\u2029", "\u202A", "\u2066", "\u2069"}) {
    CHECK(manifest::printable(turned).starts_with("\\x"));
  }
  for (const char* plain : {"\u00E9", "\u05D0\u05D1", "\u200B", "\u202F", "\u206A", "\U0001F600"}) {
    CHECK(manifest::printable(plain) == plain);
  }
}
