#include "manifest/pattern/pattern.h"

#include <algorithm>

#include "manifest/pattern/ignore_rule.h"
#include "manifest/text/text.h"

namespace sessync::manifest {

struct Patterns::Rule : IgnoreRule {
  explicit Rule(IgnoreRule rule) : IgnoreRule(std::move(rule)) {}
};

namespace {

/// What a manifest entry would lose if it stood in a file.
std::string line_problem(std::string_view line) {
  if (line.find('\n') != line.npos) return "has a line break: write one pattern an entry";
  if (line.starts_with('#')) return "is a comment to git: write \"\\#\" for a name with \"#\"";
  if (without_trailing_spaces(line).empty()) return "is empty";
  return "";
}

/// One rule costs a step.
bool may_go_on(MatchBudget* budget) { return budget == nullptr || budget->spend(1); }

std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  // Git reads C strings.
  return line.substr(0, line.find('\0'));
}

}  // namespace

Patterns::Patterns() : rules_(std::make_shared<const std::vector<Rule>>()) {}

tl::expected<Patterns, std::string> Patterns::parse(const std::vector<std::string>& lines) {
  std::vector<Rule> rules;
  for (const auto& line : lines) {
    if (const auto why = line_problem(line); !why.empty()) {
      return tl::make_unexpected("the pattern " + quoted(line) + " " + why);
    }
    auto rule = IgnoreRule::parse(without_trailing_spaces(line));
    if (!rule) {
      return tl::make_unexpected("the pattern " + quoted(line) + " " + rule.error() +
                                 ", so it would never match");
    }
    rules.emplace_back(std::move(*rule));
  }
  Patterns patterns;
  patterns.rules_ = std::make_shared<const std::vector<Rule>>(std::move(rules));
  return patterns;
}

Patterns Patterns::parse_file(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<Rule> rules;
  while (!text.empty()) {
    const auto line = next_line(text);
    if (line.starts_with('#')) continue;
    if (auto rule = IgnoreRule::parse(without_trailing_spaces(line))) {
      rules.emplace_back(std::move(*rule));
    }
  }
  Patterns patterns;
  patterns.rules_ = std::make_shared<const std::vector<Rule>>(std::move(rules));
  return patterns;
}

bool Patterns::empty() const { return rules_->empty(); }

Patterns::Verdict Patterns::verdict(std::string_view path, bool is_directory,
                                    MatchBudget* budget) const {
  const auto name = path.substr(path.rfind('/') + 1);
  for (auto rule = rules_->rbegin(); rule != rules_->rend() && may_go_on(budget); ++rule) {
    if (rule->matches(path, name, is_directory, budget)) {
      return rule->negated() ? Verdict::kNegated : Verdict::kMatched;
    }
  }
  return Verdict::kNone;
}

bool Patterns::selects(std::string_view path, bool is_directory, MatchBudget* budget) const {
  while (!path.empty()) {
    const auto found = verdict(path, is_directory, budget);
    if (found != Verdict::kNone) return found == Verdict::kMatched;
    const auto slash = path.rfind('/');
    path = path.substr(0, slash == path.npos ? 0 : slash);
    is_directory = true;
  }
  return false;
}

bool Patterns::may_select_below(std::string_view path, MatchBudget* budget) const {
  if (path.empty()) return !empty();
  return selects(path, true, budget) ||
         std::any_of(rules_->begin(), rules_->end(), [path, budget](const Rule& rule) {
           return may_go_on(budget) && !rule.negated() && rule.may_match_below(path, budget);
         });
}

bool Patterns::names_literally(std::string_view base_name, MatchBudget* budget) const {
  if (budget != nullptr) budget->spend(rules_->size());
  return std::any_of(rules_->begin(), rules_->end(), [base_name](const Rule& rule) {
    return !rule.negated() && !base_name.empty() && rule.literal_name() == base_name;
  });
}

}  // namespace sessync::manifest
