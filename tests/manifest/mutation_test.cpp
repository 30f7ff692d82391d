// Whatever stands in a file, loading it ends, throws nothing, and says where it is wrong.

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "golden.h"
#include "manifest/text/text.h"
#include "manifest_text.h"

using namespace sessync;
using namespace sessync::test;

namespace {

constexpr std::array kSnippets = {
    "&a ",  "*a",  "<<: ",       "- ",  "? ",    ": ",    "\"",          "'",
    "\n",   "  ",  "\t",         "[",   "]",     "{",     "}",           "|\n",
    ">-\n", "!!",  "!",          "#",   "---\n", "...\n", "%YAML 1.2\n", "~",
    "0x1",  "017", "yes",        "1e9", ".inf",  "\\u12", "\xC3",        "\xEF\xBB\xBF",
    "\r\n", "\r",  "@",          "`",   ", ",    "null",  "\"\\",        "*",
    "&",    "-",   "%TAG ! x:\n"};

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  std::string mutate(std::string text) {
    const auto changes = 1 + below(4);
    for (std::size_t i = 0; i < changes; ++i) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  void change(std::string& text) {
    const auto at = below(text.size() + 1);
    const auto length = std::min(below(40), text.size() - at);
    switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length));
        break;
      case 2:
        text.insert(below(text.size() + 1), text.substr(at, length));
        break;
      case 3:
        text.resize(std::max<std::size_t>(at, 1));
        break;
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      default:
        text.insert(at, kSnippets.at(below(kSnippets.size())));
    }
  }

  std::mt19937 random_;
};

void check_load(const std::string& text) {
  manifest::ManifestFile file;
  REQUIRE_NOTHROW(file = load(text));
  REQUIRE(file.valid() != file.sessions.empty());
  const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
  for (const auto& problem : file.problems) {
    REQUIRE(problem.at.line >= 1);
    REQUIRE(problem.at.line <= lines + 1);
    REQUIRE(problem.at.column >= 1);
    REQUIRE_FALSE(problem.code.empty());
    REQUIRE_FALSE(manifest::has_control_character(problem.message));
    REQUIRE_FALSE(manifest::first_invalid_utf8(problem.message).has_value());
  }
  REQUIRE(std::is_sorted(file.problems.begin(), file.problems.end(),
                         [](const manifest::Problem& left, const manifest::Problem& right) {
                           return std::tie(left.at.line, left.at.column) <
                                  std::tie(right.at.line, right.at.column);
                         }));
}

}  // namespace

TEST_CASE("No mutation of a manifest makes loading throw") {
  Mutator mutator(20261121);
  const auto good = read_golden("contract.yaml");
  const auto bad = read_golden("many_problems.yaml");
  for (int round = 0; round < 4000; ++round) {
    CAPTURE(round);
    const auto text = mutator.mutate(round % 2 == 0 ? good : bad);
    // A file without sessions is in order, and nothing that the property is about.
    if (text.find("name:") != std::string::npos) check_load(text);
  }
}
