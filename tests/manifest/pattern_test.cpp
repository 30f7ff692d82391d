#include "manifest/pattern/pattern.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "manifest/text/text.h"

using sessync::manifest::Patterns;
using Verdict = sessync::manifest::Patterns::Verdict;

namespace {

Patterns parse(const std::vector<std::string>& lines) {
  auto parsed = Patterns::parse(lines);
  REQUIRE(parsed.has_value());
  return *parsed;
}

}  // namespace

TEST_CASE("A pattern matches as gitignore has it") {
  struct Case {
    std::string pattern;
    std::string path;
    bool is_directory;
    bool matches;
  };
  const auto c = GENERATE(values<Case>({
      {"foo", "foo", false, true},
      {"foo", "a/b/foo", false, true},
      {"foo", "foo/b", false, false},
      {"foo", "Foo", false, false},
      {"/foo", "foo", false, true},
      {"/foo", "a/foo", false, false},
      {"a/foo", "a/foo", false, true},
      {"a/foo", "b/a/foo", false, false},
      {"foo/", "foo", true, true},
      {"foo/", "foo", false, false},
      {"foo/", "a/foo", true, true},
      {"*.py", "a/b.py", false, true},
      {"*.py", ".py", false, true},
      {"*.py", "b.pyc", false, false},
      {"a/*.py", "a/b.py", false, true},
      {"a/*.py", "a/b/c.py", false, false},
      {"**/foo", "foo", false, true},
      {"**/foo", "a/b/foo", false, true},
      {"a/**", "a/b/c", false, true},
      {"a/**", "a", true, false},
      {"a/**/b", "a/b", false, true},
      {"a/**/b", "a/x/y/b", false, true},
      {"a/**/b", "ab", false, false},
      {"a/**/b", "a/xb", false, false},
      {"a**b", "axxb", false, true},
      {"x/a**b", "x/a/b", false, false},
      // Git compares what stands before the first wildcard as text, and then "**" begins anew.
      {"ab**/x", "ab/c/x", false, true},
      {"ab**/x", "abc/x", false, true},
      {"ab**/x", "abx", false, true},
      {"ab**//x", "ab/x", false, true},
      {"ab**/./x", "ab./x", false, true},
      {"ab**/.", "ab.", false, true},
      {"?oo", "foo", false, true},
      {"a?b", "a/b", false, false},
      {"x/a?b", "x/a/b", false, false},
      {"[!a]b", "cb", false, true},
      {"[^a]b", "ab", false, false},
      {"[]]", "]", false, true},
      {"[a-c]x", "bx", false, true},
      {"[a-]x", "-x", false, true},
      {"[z-a]x", "zx", false, true},
      {"[z-a]x", "bx", false, false},
      {"[[:alpha:]]1", "q1", false, true},
      {"[[:alpha:]]1", "11", false, false},
      {"[[:alpha:][:digit:]_]", "_", false, true},
      {"[[:]x", ":x", false, true},
      {"x/[!a]b", "x//b", false, false},
      {"\\!foo", "!foo", false, true},
      {"\\#foo", "#foo", false, true},
      {"fo\\o", "foo", false, true},
      {"\\*", "*", false, true},
      {"\\*", "a", false, false},
      {"foo\\ ", "foo ", false, true},
      {"foo ", "foo", false, true},
      {"a#b", "a#b", false, true},
      {"*", "anything", false, true},
      {"**", "a/b", false, true},
      {"*a*b*c*", "xaxxbxxcx", false, true},
      {"*a*b*c*", "xaxxcxxbx", false, false},
  }));
  CAPTURE(c.pattern, c.path);
  const auto verdict = parse({c.pattern}).verdict(c.path, c.is_directory);
  CHECK((verdict == Verdict::kMatched) == c.matches);
}

TEST_CASE("The last pattern that matches decides") {
  const auto patterns = parse({"*.log", "!keep.log", "old/keep.log"});
  CHECK(patterns.verdict("a.log", false) == Verdict::kMatched);
  CHECK(patterns.verdict("keep.log", false) == Verdict::kNegated);
  CHECK(patterns.verdict("x/keep.log", false) == Verdict::kNegated);
  CHECK(patterns.verdict("old/keep.log", false) == Verdict::kMatched);
  CHECK(patterns.verdict("a.txt", false) == Verdict::kNone);
}

TEST_CASE("A selected directory selects what is below it, unless something closer says otherwise") {
  const auto patterns = parse({"docs/", "!docs/private", "*.md", "!README.md"});
  CHECK(patterns.selects("docs/a.txt", false));
  CHECK(patterns.selects("x/docs/deep/a.txt", false));
  CHECK_FALSE(patterns.selects("docs", false));
  CHECK_FALSE(patterns.selects("docs/private", true));
  CHECK_FALSE(patterns.selects("docs/private/a.txt", false));
  CHECK(patterns.selects("docs/private/a.md", false));
  CHECK_FALSE(patterns.selects("docs/README.md", false));
  CHECK_FALSE(patterns.selects("src/a.txt", false));
}

TEST_CASE("A directory is left out only if nothing below it can be selected") {
  CHECK(parse({"*.py"}).may_select_below("any/where"));
  CHECK(parse({"src/**/*.py"}).may_select_below("src"));
  CHECK(parse({"src/**/*.py"}).may_select_below("src/deep/er"));
  CHECK_FALSE(parse({"src/**/*.py"}).may_select_below("docs"));
  CHECK(parse({"a/b/c.txt"}).may_select_below("a"));
  CHECK(parse({"a/b/c.txt"}).may_select_below("a/b"));
  CHECK_FALSE(parse({"a/b/c.txt"}).may_select_below("a/x"));
  CHECK_FALSE(parse({"a/b/c.txt"}).may_select_below("a/b/c"));
  CHECK(parse({"/a/b/"}).may_select_below("a/b"));
  CHECK(parse({"/a/b/"}).may_select_below("a/b/c/d"));
  CHECK(parse({"/a*/x"}).may_select_below("abc"));
  CHECK_FALSE(parse({"/a*/x"}).may_select_below("bcd"));
  CHECK_FALSE(parse({"/a*/x"}).may_select_below("abc/y"));
  CHECK(parse({"/a*/x"}).may_select_below("abc/x/y"));
  CHECK_FALSE(parse({"!a/b"}).may_select_below("a"));
  CHECK_FALSE(Patterns().may_select_below("a"));
}

TEST_CASE("A pattern names a file literally by its last component") {
  CHECK(parse({".env"}).names_literally(".env"));
  CHECK(parse({"**/.env"}).names_literally(".env"));
  CHECK(parse({"conf*/.env"}).names_literally(".env"));
  CHECK(parse({"\\.env"}).names_literally(".env"));
  CHECK(parse({".git/"}).names_literally(".git"));
  CHECK_FALSE(parse({".env*"}).names_literally(".env"));
  CHECK_FALSE(parse({"!.env"}).names_literally(".env"));
  CHECK_FALSE(parse({".env/x"}).names_literally(".env"));
  CHECK_FALSE(parse({"*"}).names_literally(""));
}

TEST_CASE("An entry that git would never match is refused") {
  struct Case {
    std::string pattern;
    std::string reason;
  };
  const auto c = GENERATE(values<Case>({
      {"", "is empty"},
      {"   ", "is empty"},
      {"!", "is empty"},
      {"/", "is empty"},
      {"#comment", "comment"},
      {"[a", "\"[\" without its \"]\""},
      {"a/[!]", "\"[\" without its \"]\""},
      {"[[:alpha", "\"[\" without its \"]\""},
      {"[[:letter:]]", "unknown character class"},
      {"a[/]b", "no character"},
      {"foo\\", "lone backslash"},
      {"foo\\/", "lone backslash"},
      {"a//b", "empty path component"},
      {"//a", "empty path component"},
      {"./a", "\".\""},
      {"../a", "\"..\""},
      {"a/..", "\"..\""},
      {"*/..", "\"..\""},
      {"a*//b", "empty path component"},
      {"**//b", "empty path component"},
      {"..", "\"..\""},
      {"a\nb", "line break"},
  }));
  CAPTURE(c.pattern);
  const auto parsed = Patterns::parse({"fine", c.pattern});
  REQUIRE_FALSE(parsed.has_value());
  CHECK_THAT(parsed.error(), Catch::Contains(c.reason));
}

TEST_CASE("An ignore file is read as git reads it") {
  const auto patterns = Patterns::parse_file(
      "\xEF\xBB\xBF*.tmp\r\n"
      "# a comment\n"
      "\n"
      "  \n"
      "trailing   \n"
      "kept\\ \n"
      "[unclosed\n"
      "tab\t\n"
      "!keep.tmp");
  CHECK(patterns.verdict("a.tmp", false) == Verdict::kMatched);
  CHECK(patterns.verdict("keep.tmp", false) == Verdict::kNegated);
  CHECK(patterns.verdict("trailing", false) == Verdict::kMatched);
  CHECK(patterns.verdict("kept ", false) == Verdict::kMatched);
  CHECK(patterns.verdict("kept", false) == Verdict::kNone);
  CHECK(patterns.verdict("tab\t", false) == Verdict::kMatched);
  CHECK(patterns.verdict("tab", false) == Verdict::kNone);
  CHECK(patterns.verdict("[unclosed", false) == Verdict::kNone);
  CHECK(patterns.verdict("# a comment", false) == Verdict::kNone);
  CHECK(Patterns::parse_file("# nothing\n\n").empty());
}

TEST_CASE("Many stars take no exponential time") {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "*a";
  const std::string text(4000, 'a');
  CHECK(parse({pattern}).verdict(text, false) == Verdict::kMatched);
  CHECK(parse({pattern + "*b"}).verdict(text, false) == Verdict::kNone);
  std::string deep;
  std::string path;
  for (int i = 0; i < 40; ++i) deep += "**/a*/";
  for (int i = 0; i < 200; ++i) path += "aa/";
  CHECK(parse({deep + "x"}).verdict(path + "y", false) == Verdict::kNone);
  CHECK(parse({deep + "x"}).verdict(path + "x", false) == Verdict::kMatched);
}

TEST_CASE("No message about a pattern writes to a terminal") {
  for (const char* bad : {"[[:\x1b[2J:]]", "[\x07", "a\x1b\\", "\x7f//x"}) {
    const auto patterns = Patterns::parse({bad});
    REQUIRE_FALSE(patterns);
    CHECK_FALSE(sessync::manifest::has_control_character(patterns.error()));
  }
}
