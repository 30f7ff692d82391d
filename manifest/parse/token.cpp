#include "manifest/parse/token.h"

#include <algorithm>
#include <array>
#include <limits>

#include "manifest/parse/relative_path.h"
#include "manifest/parse/reserved_variable.h"
#include "manifest/parse/scalars.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 4> kSources = {"file", "env", "command", "github_app"};
constexpr std::array<std::string_view, 3> kAppKeys = {"app_id", "installation_id", "private_key"};
constexpr std::array<std::string_view, 1> kPrivateKeyKeys = {"file"};
constexpr std::array<std::string_view, 6> kTokenPrefixes = {"ghp_", "gho_", "ghu_",
                                                            "ghs_", "ghr_", "github_pat_"};
constexpr IntegerRange kAppIds = {1, std::numeric_limits<std::int64_t>::max()};

void report_literal(const Field& field, std::string_view instead, Report& report) {
  report.error(field.at(), "literal_token",
               quoted(field.name) +
                   ": a secret must not stand in the manifest; name where it is kept: " +
                   std::string(instead));
}

bool looks_like_token(std::string_view text) {
  return std::any_of(kTokenPrefixes.begin(), kTokenPrefixes.end(),
                     [text](std::string_view prefix) { return text.starts_with(prefix); }) ||
         text.find("PRIVATE KEY") != text.npos;
}

/// A line that is a name, and not, by mistake, the secret itself.
std::optional<std::string> read_name(const Field& field, Report& report) {
  const auto raw = read_text(field, report);
  if (!raw) return std::nullopt;
  if (looks_like_token(*raw)) {
    report_literal(field, "this looks like the secret itself", report);
    return std::nullopt;
  }
  return read_line(field, report);
}

/// A file below the directory for secrets. What cannot be one stays as it is written: it is blocked
/// where it is used, because manifests that have such a name were good before.
std::string read_secret_file(const Field& field, Report& report) {
  auto name = read_name(field, report).value_or("");
  if (name.empty()) return name;
  const auto path = clean_relative_path(name);
  if (path && !path->is_directory) return path->text;
  report.warning(field.at(), "secret_file_outside",
                 quoted(field.name) + ": " + quoted(name) + " " +
                     (path ? "names a directory" : path.error().why) +
                     ": secret files are relative to --secrets-dir and lie in it, so this one is "
                     "not read and its entry is blocked");
  return name;
}

std::optional<TokenSpec> read_file(const Field& field, Report& report) {
  return TokenFile{read_secret_file(field, report)};
}

std::optional<TokenSpec> read_env(const Field& field, Report& report) {
  const auto name = read_name(field, report);
  if (!name) return std::nullopt;
  const bool starts_well = name->front() < '0' || name->front() > '9';
  if (starts_well && consists_of_alnum_or(*name, "_")) {
    if (is_reserved_variable(*name)) {
      report.warning(field.at(), "reserved_variable",
                     "\"env\": " + quoted(*name) +
                         " is never sent as a token, so its entry is blocked: name a variable "
                         "that holds nothing but this token");
    }
    return TokenEnv{*name};
  }
  report.error(field.at(), "invalid_name",
               "\"env\": expected the name of an environment variable, such as GITHUB_TOKEN");
  return std::nullopt;
}

std::optional<TokenSpec> read_command(const Field& field, Report& report) {
  const auto items = read_list(field, report);
  if (!items) return std::nullopt;
  TokenCommand command;
  for (const auto& item : *items) {
    auto argument = read_text(item, report).value_or("");
    if (argument.find('\0') != argument.npos) {
      report.error(item.at(), "control_character", "\"command\": an argument has a NUL byte");
    }
    command.argv.push_back(std::move(argument));
  }
  if (items->empty() || command.argv.front().empty()) {
    report.error(field.at(), "empty_value",
                 "\"command\": expected a program and its arguments, as a list");
  }
  return command;
}

std::string read_private_key(const Field& field, Report& report) {
  if (field.value->is_scalar()) {
    report_literal(field, "private_key: {file: app.pem}", report);
    return "";
  }
  const auto fields = Fields::open(field, {"private_key", kPrivateKeyKeys}, report);
  if (!fields) return "";
  const auto file = fields->require("file", report);
  return file ? read_secret_file(*file, report) : "";
}

std::optional<TokenSpec> read_app(const Field& field, Report& report) {
  const auto fields = Fields::open(field, {"github_app", kAppKeys}, report);
  if (!fields) return std::nullopt;
  TokenGithubApp app;
  if (const auto id = fields->require("app_id", report)) {
    app.app_id = read_integer(*id, kAppIds, report).value_or(0);
  }
  if (const auto id = fields->require("installation_id", report)) {
    app.installation_id = read_integer(*id, kAppIds, report).value_or(0);
  }
  if (const auto key = fields->require("private_key", report)) {
    app.private_key_file = read_private_key(*key, report);
  }
  return app;
}

std::optional<TokenSpec> read_token_source(const Field& source, Report& report) {
  if (source.name == "file") return read_file(source, report);
  if (source.name == "env") return read_env(source, report);
  if (source.name == "command") return read_command(source, report);
  return read_app(source, report);
}

}  // namespace

std::optional<TokenSpec> read_token(const Field& field, Report& report) {
  if (field.value->is_scalar()) {
    report_literal(field, "{file: NAME}, {env: NAME}, {command: [...]} or {github_app: {...}}",
                   report);
    return std::nullopt;
  }
  const auto fields = Fields::open(field, {"authorization_token", kSources}, report);
  if (!fields) return std::nullopt;
  std::optional<TokenSpec> token;
  int sources = 0;
  for (const auto key : kSources) {
    const auto source = fields->find(key);
    if (!source) continue;
    ++sources;
    token = read_token_source(*source, report);
  }
  if (sources == 1) return token;
  report.error(field.at(), "token_source",
               "\"authorization_token\" needs exactly one of file, env, command and github_app, "
               "but has " +
                   std::to_string(sources));
  return std::nullopt;
}

}  // namespace sessync::manifest
