#include "daemon/workspace/scan/default_exclusions.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sessync::workspace {
namespace {

using Rule = ports::LeftOut::Rule;

/// A name, or a glob with one star, maybe with the name of the directory that it lies in.
struct NameRule {
  enum class Of { kAnything, kFiles, kDirectories };
  std::string_view parent;
  std::string_view begin;
  std::string_view end;  ///< after the star
  bool has_star = false;
  Of of = Of::kAnything;
  Rule rule = Rule::kUsual;
};

constexpr NameRule parse(std::string_view text, NameRule::Of of, Rule rule) {
  NameRule parsed{.parent = {}, .begin = {}, .end = {}, .of = of, .rule = rule};
  if (const auto slash = text.find('/'); slash != text.npos) {
    parsed.parent = text.substr(0, slash);
    text.remove_prefix(slash + 1);
  }
  const auto star = text.find('*');
  parsed.has_star = star != text.npos;
  parsed.begin = text.substr(0, star);
  if (parsed.has_star) parsed.end = text.substr(star + 1);
  return parsed;
}

/// Left out by every version, as they are spelled here.
constexpr std::array<std::string_view, 14> kUsual = {
    ".git",           ".hg",  ".svn",   "..*",   "*~",      ".*.swp",     "4913", ".DS_Store",
    ".sessyncignore", ".env", ".env.*", "*.pem", "id_rsa*", "id_ed25519*"};
constexpr std::array<std::string_view, 1> kLately = {"lost+found"};
constexpr std::array<std::string_view, 6> kDirectories = {".aws", ".azure", ".kube",
                                                          ".ssh", ".gnupg", ".config/gcloud"};
constexpr std::array<std::string_view, 28> kFiles = {".npmrc",
                                                     ".yarnrc.yml",
                                                     ".netrc",
                                                     "_netrc",
                                                     ".git-credentials",
                                                     ".pgpass",
                                                     ".my.cnf",
                                                     ".envrc",
                                                     "*.env",
                                                     ".docker/config.json",
                                                     ".vault-token",
                                                     ".cargo/credentials*",
                                                     ".pypirc",
                                                     ".htpasswd",
                                                     "id_dsa*",
                                                     "id_ecdsa*",
                                                     "*.key",
                                                     "*.p12",
                                                     "*.pfx",
                                                     "*.jks",
                                                     "*.keystore",
                                                     "*.ppk",
                                                     "*.kdbx",
                                                     "terraform.tfstate*",
                                                     "*.tfvars",
                                                     "secrets.y*ml",
                                                     "service-account*.json",
                                                     "*_history"};

constexpr std::size_t kCount = kUsual.size() + kLately.size() + kDirectories.size() + kFiles.size();
/// Which rules a name may fit: a bit each.
using Candidates = std::uint64_t;
static_assert(kCount <= 64);

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr std::size_t index_of(char c) { return static_cast<unsigned char>(c); }

constexpr auto kRules = [] {
  std::array<NameRule, kCount> rules;
  std::size_t next = 0;
  using Of = NameRule::Of;
  for (const auto text : kUsual) rules.at(next++) = parse(text, Of::kAnything, Rule::kUsual);
  for (const auto text : kLately) rules.at(next++) = parse(text, Of::kAnything, Rule::kLately);
  for (const auto text : kDirectories) {
    rules.at(next++) = parse(text, Of::kDirectories, Rule::kLately);
  }
  for (const auto text : kFiles) rules.at(next++) = parse(text, Of::kFiles, Rule::kLately);
  return rules;
}();

using ByCharacter = std::array<Candidates, 256>;

/// By the first character of a name, or by its last if a rule begins with the star.
constexpr ByCharacter index(bool by_first) {
  ByCharacter table{};
  for (std::size_t i = 0; i < kCount; ++i) {
    const NameRule& rule = kRules.at(i);
    if (rule.begin.empty() == by_first) continue;
    const char c = lower(by_first ? rule.begin.front() : rule.end.back());
    for (std::size_t other = 0; other < table.size(); ++other) {
      if (lower(static_cast<char>(other)) == c) table.at(other) |= Candidates{1} << i;
    }
  }
  return table;
}
constexpr ByCharacter kByFirst = index(true);
constexpr ByCharacter kByLast = index(false);

bool equals(std::string_view text, std::string_view wanted) {
  return std::ranges::equal(text, wanted, {}, lower, lower);
}

bool fits(const NameRule& rule, std::string_view name) {
  const std::size_t fixed = rule.begin.size() + rule.end.size();
  if (rule.has_star ? name.size() < fixed : name.size() != fixed) return false;
  return equals(name.substr(0, rule.begin.size()), rule.begin) &&
         equals(name.substr(name.size() - rule.end.size()), rule.end);
}

/// Earlier versions went by the case, too.
Rule rule_of(const NameRule& rule, std::string_view name) {
  const bool as_spelled = name.starts_with(rule.begin) && name.ends_with(rule.end);
  return as_spelled ? rule.rule : Rule::kLately;
}

std::string_view name_in(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parent_in(std::string_view path, std::string_view above) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? name_in(above) : name_in(path.substr(0, slash));
}

bool is_of(NameRule::Of of, bool is_directory) {
  return of == NameRule::Of::kAnything || (of == NameRule::Of::kDirectories) == is_directory;
}

}  // namespace

std::optional<Rule> default_exclusion(std::string_view path, bool is_directory,
                                      std::string_view above) {
  const std::string_view name = name_in(path);
  if (name.empty()) return std::nullopt;
  Candidates left = kByFirst[index_of(name.front())] | kByLast[index_of(name.back())];
  std::optional<Rule> found;
  for (; left != 0 && found != Rule::kUsual; left &= left - 1) {
    const NameRule& rule = kRules[static_cast<std::size_t>(std::countr_zero(left))];
    const bool here = is_of(rule.of, is_directory) && fits(rule, name) &&
                      (rule.parent.empty() || equals(parent_in(path, above), rule.parent));
    if (here) found = rule_of(rule, name);
  }
  return found;
}

}  // namespace sessync::workspace
