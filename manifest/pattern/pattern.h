#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "manifest/pattern/match_budget.h"

namespace sessync::manifest {

/// An ordered list of gitignore patterns; `git check-ignore` is the oracle of its semantics.
///
/// Paths are raw bytes, relative to the directory that the list belongs to, without a leading or
/// trailing slash. A list knows nothing of its caller's tree: a caller that walks top-down and does
/// not descend into an excluded directory gets git's "a file below an excluded directory cannot be
/// re-included".
///
/// What the questions cost is taken from `budget`, if there is one.
class Patterns {
 public:
  enum class Verdict { kNone, kMatched, kNegated };

  Patterns();

  /// Patterns as a manifest lists them. An entry that git would silently never match (an unclosed
  /// bracket, a trailing backslash, an empty line) is an error here, worded for the user.
  static tl::expected<Patterns, std::string> parse(const std::vector<std::string>& lines);

  /// The text of an ignore file: comments, blank lines, trailing spaces as git reads them. Never
  /// fails; what git would never match never matches.
  static Patterns parse_file(std::string_view text);

  [[nodiscard]] bool empty() const;

  /// The verdict of the last pattern that matches `path` itself (its ancestors are not looked at).
  [[nodiscard]] Verdict verdict(std::string_view path, bool is_directory,
                                MatchBudget* budget = nullptr) const;

  /// `verdict` of `path` or, if it has none, of its closest ancestor that has one: "docs/" selects
  /// everything below docs.
  [[nodiscard]] bool selects(std::string_view path, bool is_directory,
                             MatchBudget* budget = nullptr) const;

  /// False only if no path below directory `path` can be selected: such a directory is neither
  /// watched nor read.
  [[nodiscard]] bool may_select_below(std::string_view path, MatchBudget* budget = nullptr) const;

  /// True when a pattern ends in exactly this base name without a wildcard ("names it literally").
  [[nodiscard]] bool names_literally(std::string_view base_name,
                                     MatchBudget* budget = nullptr) const;

 private:
  struct Rule;
  std::shared_ptr<const std::vector<Rule>> rules_;
};

}  // namespace sessync::manifest
