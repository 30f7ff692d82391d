#include "manifest/pattern/ignore_rule.h"

#include <algorithm>
#include <optional>

#include "manifest/pattern/glob_compiler.h"

namespace sessync::manifest {
namespace {

constexpr std::string_view kSpecial = "*?[\\";

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

/// `component` with its escapes resolved; nothing if it has a wildcard.
std::optional<std::string> literal_component(std::string_view component) {
  std::string literal;
  for (std::size_t i = 0; i < component.size(); ++i) {
    if (component[i] == '\\' && i + 1 < component.size()) {
      ++i;
    } else if (kSpecial.find(component[i]) != kSpecial.npos) {
      return std::nullopt;
    }
    literal += component[i];
  }
  return literal;
}

/// The part of `body` whose slashes all separate components: one within a set separates nothing,
/// and a "**" right after other characters may stand for nothing and join what is on its two sides.
std::string_view plain_components(std::string_view body) {
  const auto wildcard = body.find_first_of(kSpecial);
  if (wildcard == body.npos) return body;
  const bool joins =
      wildcard > 0 && body[wildcard - 1] != '/' && body.substr(wildcard).starts_with("**");
  return body.substr(0, joins ? wildcard : body.find('['));
}

/// What no path that git compares can have.
std::optional<std::string> component_problem(std::string_view component) {
  if (component.empty()) return "has an empty path component (\"//\")";
  if (component == ".") return "has \".\" as a path component: leave it off";
  if (component == "..") return "has \"..\" as a path component, which no path here has";
  return std::nullopt;
}

/// Precondition: `body` neither begins nor ends with the slash that git takes off.
std::optional<std::string> impossible_text(std::string_view body) {
  if (body.empty()) return "is empty";
  if (body.find('\0') != body.npos) return "has a NUL byte";
  auto rest = plain_components(body);
  const bool is_whole = rest.size() == body.size();
  for (auto slash = rest.find('/'); slash != rest.npos; slash = rest.find('/')) {
    if (auto why = component_problem(rest.substr(0, slash))) return why;
    rest.remove_prefix(slash + 1);
  }
  return is_whole ? component_problem(rest) : std::nullopt;
}

}  // namespace

std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      // A backslash at the very end makes git keep the line as it is.
      if (++i == line.size()) return line;
      kept = i + 1;
    } else if (line[i] != ' ') {
      kept = i + 1;
    }
  }
  return line.substr(0, kept);
}

tl::expected<IgnoreRule, std::string> IgnoreRule::parse(std::string_view line) {
  IgnoreRule rule;
  rule.negated_ = line.starts_with('!');
  if (rule.negated_) line.remove_prefix(1);
  auto body = line;
  rule.only_directories_ = body.ends_with('/');
  if (rule.only_directories_) body.remove_suffix(1);
  rule.any_directory_ = body.find('/') == body.npos;
  if (body.starts_with('/')) body.remove_prefix(1);
  if (const auto why = impossible_text(body)) return tl::make_unexpected(*why);

  // Git compares the part before the first wildcard as text and hands only the rest to its matcher,
  // so a "**" right there counts as the beginning of a component.
  const auto wildcard = std::min(body.find_first_of(kSpecial), body.size());
  rule.prefix_ = body.substr(0, wildcard);
  rule.has_rest_ = wildcard < body.size();
  const auto text = rule.any_directory_ ? body : body.substr(wildcard);
  if (rule.any_directory_ && rule.has_rest_) rule.prefix_.clear();
  auto rest = GlobCompiler(rule.has_rest_ ? text : std::string_view(),
                           rule.any_directory_ ? Glob::Scope::kName : Glob::Scope::kPath)
                  .compile();
  if (!rest) return tl::make_unexpected(rest.error());
  rule.rest_ = std::move(*rest);
  rule.literal_name_ = literal_component(base_name(body)).value_or("");
  return rule;
}

bool IgnoreRule::matches(std::string_view path, std::string_view name, bool is_directory,
                         MatchBudget* budget) const {
  if (only_directories_ && !is_directory) return false;
  const auto text = any_directory_ ? name : path;
  if (!has_rest_) return text == prefix_;
  return text.starts_with(prefix_) && rest_.matches(text.substr(prefix_.size()), budget);
}

bool IgnoreRule::may_match_below(std::string_view directory, MatchBudget* budget) const {
  if (any_directory_) return true;
  const std::string start = std::string(directory) + "/";
  const auto is_matched = [&] { return matches(directory, base_name(directory), true, budget); };
  if (start.size() <= prefix_.size()) return prefix_.starts_with(start);
  if (!start.starts_with(prefix_)) return is_matched();
  if (!has_rest_) return false;
  const auto rest = std::string_view(start).substr(prefix_.size());
  return rest_.may_match_beyond(rest, budget) || is_matched();
}

}  // namespace sessync::manifest
