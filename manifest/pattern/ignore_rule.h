#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "manifest/pattern/glob.h"
#include "manifest/pattern/match_budget.h"

namespace sessync::manifest {

/// One line of an ignore file, after comments and trailing spaces were dealt with.
class IgnoreRule {
 public:
  /// An error says why the rule can never match anything.
  static tl::expected<IgnoreRule, std::string> parse(std::string_view line);

  [[nodiscard]] bool negated() const { return negated_; }
  /// `name` is the last component of `path`. Here and below `budget` may be null.
  [[nodiscard]] bool matches(std::string_view path, std::string_view name, bool is_directory,
                             MatchBudget* budget) const;

  /// False only if the rule can match neither `directory` nor anything below it.
  [[nodiscard]] bool may_match_below(std::string_view directory, MatchBudget* budget) const;

  /// The last component if it has no wildcard, else empty.
  [[nodiscard]] const std::string& literal_name() const { return literal_name_; }

 private:
  IgnoreRule() = default;

  bool negated_ = false;
  bool only_directories_ = false;
  bool any_directory_ = false;  ///< has no slash: compared with the base name alone
  std::string prefix_;          ///< what stands before the first wildcard
  Glob rest_;
  bool has_rest_ = false;
  std::string literal_name_;
};

/// A line without the trailing spaces that git drops; "\ " at the end keeps its space.
std::string_view without_trailing_spaces(std::string_view line);

}  // namespace sessync::manifest
