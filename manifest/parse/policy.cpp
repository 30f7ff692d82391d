#include "manifest/policy.h"

#include <array>

#include "manifest/parse/document.h"
#include "manifest/parse/relative_path.h"
#include "manifest/parse/scalars.h"
#include "manifest/pattern/glob_compiler.h"
#include "manifest/text/alike.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr DocumentKind kPolicyKind = {"a policy", ""};
constexpr std::array<std::string_view, 2> kPolicyKeys = {"version", "rules"};
constexpr std::array<std::string_view, 19> kRuleKeys = {
    "files",        "names",         "session_ids", "agents",       "environments",
    "vaults",       "sources",       "env",         "destinations", "secret_files",
    "repositories", "memory_stores", "file_ids",    "commands",     "prune_all",
    "replace",      "max_sessions",  "max_files",   "max_bytes"};
constexpr IntegerRange kAtLeastNone = {0, 1'000'000'000};

/// Brings what was written into the form in which it is compared; nothing after it reported why.
using Normalise = std::optional<std::string> (*)(const Field&, const std::string&, Report&);

std::optional<std::string> as_written(const Field& /*field*/, const std::string& text,
                                      Report& /*report*/) {
  return text;
}

std::optional<std::string> file_name(const Field& field, const std::string& text, Report& report) {
  if (text.find('/') == text.npos) return text;
  report.error(field.at(), "invalid_file_name",
               quoted(field.name) + ": " + quoted(text) +
                   " is a path: write the names of manifest files, without directories");
  return std::nullopt;
}

std::optional<std::string> session_id(const Field& /*field*/, const std::string& text,
                                      Report& /*report*/) {
  return comparable_session_id(text);
}

std::optional<std::string> url(const Field& /*field*/, const std::string& text,
                               Report& /*report*/) {
  return comparable_url(text);
}

std::optional<std::string> place(const Field& field, const std::string& text, Report& report) {
  const auto path = clean_relative_path(text);
  if (path) return path->text;
  report.error(field.at(), "invalid_path",
               quoted(field.name) + ": " + quoted(text) + " " + path.error().why);
  return std::nullopt;
}

std::optional<AllowedPattern> read_pattern(const Field& item, Normalise normalise, Report& report) {
  const auto written = read_line(item, report);
  if (!written) return std::nullopt;
  auto text = normalise(item, *written, report);
  if (!text) return std::nullopt;
  auto glob = GlobCompiler(*text, Glob::Scope::kPath).compile();
  if (glob) return AllowedPattern{std::move(*text), std::move(*glob)};
  report.error(item.at(), "invalid_pattern",
               quoted(item.name) + ": " + quoted(*written) + " " + glob.error());
  return std::nullopt;
}

/// Reads the keys of one rule.
class RuleReader {
 public:
  RuleReader(const Fields& fields, Report& report) : fields_(fields), report_(report) {}

  PolicyRule read() {
    PolicyRule rule;
    rule.line = fields_.at().line;
    read_files(rule);
    read_sessions(rule);
    rule.sources = patterns("sources", place);
    rule.destinations = patterns("destinations", place);
    rule.secret_files = patterns("secret_files", place);
    rule.env = patterns("env");
    rule.repositories = patterns("repositories", url);
    rule.memory_stores = patterns("memory_stores");
    rule.file_ids = patterns("file_ids");
    rule.commands = flag("commands");
    rule.prune_all = flag("prune_all");
    rule.replace = flag("replace");
    rule.max_sessions = most("max_sessions");
    rule.max_files = most("max_files");
    rule.max_bytes = most_bytes();
    return rule;
  }

 private:
  void read_files(PolicyRule& rule) {
    const auto field = fields_.require("files", report_);
    rule.files = patterns("files", file_name);
    if (field && field->value->kind == YamlNode::Kind::kSequence && field->value->items.empty()) {
      report_.error(field->at(), "missing_value",
                    "\"files\" is empty: name the manifest files that the rule is for");
    }
  }

  void read_sessions(PolicyRule& rule) {
    rule.names = patterns("names");
    rule.session_ids = patterns("session_ids", session_id);
    rule.agents = patterns("agents");
    rule.environments = patterns("environments");
    rule.vaults = patterns("vaults");
  }

  AllowedPatterns patterns(std::string_view key, Normalise normalise = as_written) {
    const auto field = fields_.find(key);
    if (!field) return {.line = fields_.at().line};
    AllowedPatterns allowed{.line = field->key_at.line};
    for (const auto& item : read_list(*field, report_).value_or(std::vector<Field>())) {
      if (auto pattern = read_pattern(item, normalise, report_)) {
        allowed.patterns.push_back(std::move(*pattern));
      }
    }
    return allowed;
  }

  AllowedFlag flag(std::string_view key) {
    const auto field = fields_.find(key);
    if (!field) return {.line = fields_.at().line};
    return {field->key_at.line, read_bool(*field, report_).value_or(false)};
  }

  AllowedMost most(std::string_view key) {
    const auto field = fields_.find(key);
    if (!field) return {.line = fields_.at().line};
    const auto count = read_integer(*field, kAtLeastNone, report_);
    return {field->key_at.line, static_cast<std::uint64_t>(count.value_or(0))};
  }

  AllowedMost most_bytes() {
    const auto field = fields_.find("max_bytes");
    if (!field) return {.line = fields_.at().line};
    return {field->key_at.line, read_size(*field, report_)};
  }

  const Fields& fields_;
  Report& report_;
};

void read_rules(const YamlNode& root, Policy& policy, Report& report) {
  const auto fields = Fields::open({"policy", root.at, &root}, {"a policy", kPolicyKeys}, report);
  if (!fields) return;
  check_version(*fields, report);
  const auto list = fields->require("rules", report);
  if (!list) return;
  for (const auto& item : read_list(*list, report).value_or(std::vector<Field>())) {
    const auto rule = Fields::open(item, {"a rule", kRuleKeys}, report);
    if (rule) policy.rules.push_back(RuleReader(*rule, report).read());
  }
}

}  // namespace

PolicyFile load_policy(const ManifestText& file) {
  Report report(file.path);
  PolicyFile parsed;
  parsed.policy.path = file.path;
  const auto root = open_document(file, kPolicyKind, report);
  if (root) read_rules(*root, parsed.policy, report);
  parsed.problems = report.sorted();
  return parsed;
}

}  // namespace sessync::manifest
