// Random patterns and paths, judged by `git check-ignore`: what git says is right.

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "manifest/pattern/pattern.h"

using sessync::manifest::Patterns;
using Verdict = sessync::manifest::Patterns::Verdict;

namespace {

namespace fs = std::filesystem;

constexpr std::array kNames = {"a",  "b",  "ab", "abc", ".a", "*",  "[",   "]",
                               "!a", "#a", "-",  "A",   "1",  "a ", "\\a", "\xC3\xA9"};
constexpr std::array kPieces = {"a",         "b",          "ab",          "abc",
                                "A",         "1",          "-",           ".",
                                "*",         "*",          "*",           "**",
                                "**",        "**/",        "/**",         "/**/",
                                "?",         "?",          "/",           "/",
                                "/",         "/",          "[ab]",        "[!a]",
                                "[^b]",      "[a-",        "[[:alpha:]]", "[![:punct:]]",
                                "[[:bad:]]", "[",          "]",           "\\",
                                "\\*",       "\\[",        "!",           "#",
                                " ",         "\\ ",        "[]-a]",       "[\\]]",
                                "[a/b]",     "[--9]",      "[[:",         "[a-\\]x]",
                                "\xC3\xA9",  "[\xC3\xA9]", "\t",          "[[:upper:]-z]"};

struct Path {
  std::string text;
  bool is_directory;
};

/// A repository with directories on disk, because git asks the disk what is one.
class Oracle {
 public:
  Oracle() {
    std::string name = (fs::temp_directory_path() / "sessync-oracle-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root_ = name;
    run("git init -q -b main repo");
    for (const auto* outer : kNames) {
      for (const auto* inner : kNames) fs::create_directories(repo() / outer / inner);
    }
  }
  ~Oracle() { fs::remove_all(root_); }
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  std::vector<Verdict> ask(const std::string& ignore_file, const std::vector<Path>& paths) {
    std::ofstream(repo() / ".gitignore", std::ios::binary) << ignore_file;
    std::ofstream input(root_ / "input", std::ios::binary);
    for (const auto& path : paths) input << path.text << '\0';
    input.close();
    run("git -C repo check-ignore --no-index --stdin -z -v -n < input > output");
    return read_answer(paths);
  }

 private:
  [[nodiscard]] fs::path repo() const { return root_ / "repo"; }

  void run(const std::string& command) const {
    const std::string environment =
        "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_COUNT=2 "
        "GIT_CONFIG_KEY_0=core.excludesFile GIT_CONFIG_VALUE_0=/dev/null "
        "GIT_CONFIG_KEY_1=core.ignoreCase GIT_CONFIG_VALUE_1=false ";
    const auto status = std::system(
        ("cd '" + root_.string() + "' && unset GIT_DIR && " + environment + command).c_str());
    // 1: no path is ignored.
    REQUIRE((status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 1)));
  }

  /// Records of source, line, pattern, path.
  [[nodiscard]] std::vector<Verdict> read_answer(const std::vector<Path>& paths) const {
    std::ifstream output(root_ / "output", std::ios::binary);
    std::vector<Verdict> verdicts;
    std::string source;
    std::string line;
    std::string pattern;
    std::string path;
    while (std::getline(output, source, '\0') && std::getline(output, line, '\0') &&
           std::getline(output, pattern, '\0') && std::getline(output, path, '\0')) {
      REQUIRE(path == paths.at(verdicts.size()).text);
      verdicts.push_back(source.empty()             ? Verdict::kNone
                         : pattern.starts_with('!') ? Verdict::kNegated
                                                    : Verdict::kMatched);
    }
    REQUIRE(verdicts.size() == paths.size());
    return verdicts;
  }

  fs::path root_;
};

class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  std::string pattern() {
    std::string text;
    const auto pieces = 1 + below(6);
    for (std::size_t i = 0; i < pieces; ++i) text += kPieces.at(below(kPieces.size()));
    return text;
  }

  /// Directories are at most two levels deep: those exist.
  Path path() {
    const bool is_directory = below(3) == 0;
    const auto depth = 1 + below(is_directory ? 2 : 4);
    std::string text = kNames.at(below(kNames.size()));
    for (std::size_t i = 1; i < depth; ++i) {
      text += '/';
      text += kNames.at(below(kNames.size()));
    }
    // A leaf of a name that no directory has, so that it is no directory to git.
    if (!is_directory) text += below(2) == 0 ? "/xab" : "/a.b";
    return {text, is_directory};
  }

  std::vector<Path> paths(std::size_t count) {
    std::vector<Path> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i) all.push_back(path());
    return all;
  }

 private:
  std::mt19937 random_;
};

/// As a caller sees it that walks top-down and does not enter an excluded directory.
Verdict walk(const Patterns& patterns, const Path& path) {
  for (auto slash = path.text.find('/'); slash != std::string::npos;
       slash = path.text.find('/', slash + 1)) {
    if (patterns.verdict(path.text.substr(0, slash), true) == Verdict::kMatched) {
      return Verdict::kMatched;
    }
  }
  return patterns.verdict(path.text, path.is_directory);
}

/// may_select_below must never rule out a directory that has something selected in it.
bool reachable(const Patterns& patterns, const std::string& path) {
  for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (!patterns.may_select_below(path.substr(0, slash))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("One pattern means what it means to git") {
  Oracle git;
  Generator random(20261121);
  std::size_t decided = 0;
  for (int round = 0; round < 500; ++round) {
    const auto line = random.pattern();
    const auto paths = random.paths(60);
    const auto expected = git.ask(line + "\n", paths);
    const auto as_file = Patterns::parse_file(line + "\n");
    const auto as_entry = Patterns::parse({line});
    for (std::size_t i = 0; i < paths.size(); ++i) {
      CAPTURE(round, line, paths[i].text, paths[i].is_directory);
      if (expected[i] != Verdict::kNone) ++decided;
      REQUIRE(walk(as_file, paths[i]) == expected[i]);
      REQUIRE((as_entry ? walk(*as_entry, paths[i]) : Verdict::kNone) == expected[i]);
      if (as_file.selects(paths[i].text, paths[i].is_directory)) {
        REQUIRE(reachable(as_file, paths[i].text));
      }
    }
  }
  // The property would be empty if nearly nothing matched.
  CHECK(decided > 2000);
}

TEST_CASE("A list of patterns means what it means to git") {
  Oracle git;
  Generator random(7);
  for (int round = 0; round < 200; ++round) {
    std::string file;
    const auto lines = 2 + random.below(4);
    for (std::size_t i = 0; i < lines; ++i) {
      if (random.below(3) == 0) file += '!';
      file += random.pattern() + (random.below(8) == 0 ? "\r\n" : "\n");
    }
    const auto paths = random.paths(60);
    const auto expected = git.ask(file, paths);
    const auto patterns = Patterns::parse_file(file);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      CAPTURE(round, file, paths[i].text, paths[i].is_directory);
      REQUIRE(walk(patterns, paths[i]) == expected[i]);
    }
  }
}
