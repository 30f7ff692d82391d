#include "daemon/config/settings.h"

#include <filesystem>
#include <utility>

#include "daemon/http/client/base_url.h"
#include "daemon/http/client/header.h"
#include "daemon/os/environment.h"
#include "daemon/os/live_secrets.h"
#include "daemon/os/log.h"
#include "daemon/os/loose_mode.h"
#include "daemon/os/path_text.h"
#include "daemon/os/sha256.h"
#include "daemon/os/url_credentials.h"
#include "daemon/secrets/credential_text.h"
#include "daemon/secrets/marker_key_file.h"
#include "daemon/secrets/secret_file.h"

namespace sessync::config {
namespace {

namespace fs = std::filesystem;

std::string sha256_of(const std::string& text) {
  os::Sha256Stream hash;
  hash.update(text);
  return os::to_hex(hash.finish());
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto full = fs::absolute(path, error);
  auto text = (error ? fs::path(path) : full).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') {
    text.pop_back();
  }
  return text;
}

std::string default_state_dir(const runner::ManifestSource& manifest, const Environment& env) {
  if (const auto systemd = env("STATE_DIRECTORY")) {
    return systemd->substr(0, systemd->find(':'));
  }
  const auto xdg = env("XDG_STATE_HOME");
  const auto home = xdg ? *xdg : env("HOME").value_or("/") + "/.local/state";
  return home + "/sessync/" + sha256_of(manifest.path()).substr(0, 12);
}

/// Whoever may write a manifest must not write the policy.
tl::expected<runner::PolicySource, UsageError> resolve_policy(
    const Options& options, const runner::ManifestSource& manifest) {
  const auto path = options.policy.empty() ? std::string() : absolute(options.policy);
  std::error_code error;
  const auto real = fs::weakly_canonical(path, error).string();
  if (!path.empty() && manifest.is_directory() && os::lies_in(real, manifest.resolved())) {
    return tl::unexpected(UsageError{
        exit_code::kUsage, "--policy: " + path +
                               " lies in the manifest directory, so that whoever writes a manifest "
                               "could write it: keep it where only the operator writes"});
  }
  return runner::PolicySource(path, options.isolate);
}

tl::expected<api::KeyProvider, UsageError> key_from_file(const std::string& path) {
  os::warn_of_loose_mode(path, "API key file");
  auto file = std::make_shared<secrets::SecretFile>(path);
  if (const auto first = file->refresh(); !first) {
    return tl::unexpected(UsageError{exit_code::kAuthentication, "API key: " + first.error()});
  }
  return api::KeyProvider{[file] { return file->current(); },
                          [file] { static_cast<void>(file->refresh()); }};
}

/// A variable without what stands around its value; one that holds nothing else is not set.
std::optional<std::string> bare_variable(const Environment& env, const std::string& name) {
  const auto text = env(name);
  const auto bare =
      secrets::without_surroundings(text ? std::string_view(*text) : std::string_view());
  return bare.empty() ? std::nullopt : std::optional(std::string(bare));
}

/// Nothing: it is not set.
tl::expected<std::optional<api::KeyProvider>, UsageError> key_from_variable(
    const Environment& env, const std::string& name) {
  auto text = bare_variable(env, name);
  if (!text) {
    return std::nullopt;
  }
  auto key = secrets::credential_of_text(std::move(*text));
  if (!key) {
    return tl::unexpected(UsageError{
        exit_code::kAuthentication,
        name + " " + key.error() + ", so it was not sent: set it to the key, and nothing else"});
  }
  return api::KeyProvider{[secret = std::move(*key)] { return secret; }, {}};
}

tl::expected<api::KeyProvider, UsageError> key_from_environment(const Environment& env,
                                                                api::AuthStyle& style) {
  auto key = key_from_variable(env, "ANTHROPIC_API_KEY");
  if (key && !*key) {
    key = key_from_variable(env, "ANTHROPIC_AUTH_TOKEN");
    style = key && *key ? api::AuthStyle::kBearer : style;
  }
  if (!key) {
    return tl::unexpected(key.error());
  }
  if (!*key) {
    return tl::unexpected(
        UsageError{exit_code::kAuthentication,
                   "no API key: set ANTHROPIC_API_KEY, or name a file with --api-key-file"});
  }
  return std::move(**key);
}

tl::expected<void, UsageError> choose_key(const Options& options, const Environment& env,
                                          api::ApiOptions& api) {
  api.auth_style =
      options.auth_style == "bearer" ? api::AuthStyle::kBearer : api::AuthStyle::kApiKey;
  auto key = options.api_key_file.empty() ? key_from_environment(env, api.auth_style)
                                          : key_from_file(options.api_key_file);
  if (!key) {
    return tl::unexpected(key.error());
  }
  api.key = std::move(*key);
  return {};
}

}  // namespace

Environment process_environment() { return os::variable; }

void keep_environment_secret() {
  for (const char* name : {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"}) {
    os::live_secrets().add(ports::Secret(bare_variable(os::variable, name).value_or("")),
                           os::LiveSecrets::Life::kProcess);
  }
  os::take_and_unset({"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"});
  for (const char* name :
       {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY",
        "ftp_proxy", "FTP_PROXY", "ANTHROPIC_BASE_URL", "SESSYNC_GITHUB_API_URL"}) {
    const auto url = os::variable(name);
    if (!url || url->find('@') == url->npos) continue;
    os::keep_credentials_secret(*url);
    os::hide_value(name);
  }
}

tl::expected<Settings, UsageError> resolve_settings(const Options& options,
                                                    const Environment& env) {
  Settings settings{options, runner::ManifestSource(options.manifest), {}, {}, false, {}, {}, {}};
  settings.outputs_dir = absolute(options.outputs_dir);
  settings.secrets_dir =
      absolute(options.secrets_dir.empty() ? env("CREDENTIALS_DIRECTORY").value_or(".")
                                           : options.secrets_dir);
  settings.secrets_dir_is_given =
      !options.secrets_dir.empty() || env("CREDENTIALS_DIRECTORY").has_value();
  settings.workspace = options.workspace.empty() ? settings.manifest.default_workspace()
                                                 : absolute(options.workspace);
  const auto github = http::parse_base_url(options.github_api_url);
  if (!github) {
    return tl::unexpected(UsageError{exit_code::kUsage, "--github-api-url: " + github.error()});
  }
  settings.github_api_url = *github;
  auto policy = resolve_policy(options, settings.manifest);
  if (!policy) {
    return tl::unexpected(policy.error());
  }
  settings.policy = std::move(*policy);
  if (options.state_dir == "none") {
    return settings;
  }
  settings.state_dir = absolute(
      options.state_dir.empty() ? default_state_dir(settings.manifest, env) : options.state_dir);
  settings.state_dir_is_usual = options.state_dir.empty() && !env("STATE_DIRECTORY");
  return settings;
}

tl::expected<ports::MarkerRules, UsageError> resolve_marker_rules(const Options& options) {
  ports::MarkerRules rules{{}, options.adopt_unkeyed};
  if (options.marker_key_file.empty()) {
    return rules;
  }
  os::warn_of_loose_mode(options.marker_key_file, "marker key file");
  auto keys = secrets::read_marker_keys(options.marker_key_file);
  if (!keys) {
    return tl::unexpected(UsageError{exit_code::kUsage, "--marker-key-file: " + keys.error()});
  }
  rules.keys = std::move(*keys);
  return rules;
}

tl::expected<api::ApiOptions, UsageError> resolve_api_options(const Options& options,
                                                              const Environment& env) {
  const auto usage = [](const std::string& message) {
    return tl::unexpected(UsageError{exit_code::kUsage, message});
  };
  api::ApiOptions api;
  const auto url =
      http::parse_base_url(bare_variable(env, "ANTHROPIC_BASE_URL").value_or(api.base_url));
  if (!url) {
    return usage("ANTHROPIC_BASE_URL: " + url.error());
  }
  api.base_url = *url;
  if (api.base_url.ends_with("/v1")) {
    os::log(
        os::LogLevel::kWarning,
        "ANTHROPIC_BASE_URL ends with /v1, which every request has in its path already, so they go "
        "to /v1/v1/...: leave /v1 out unless that is meant");
  }
  auto headers = http::parse_custom_headers(env("ANTHROPIC_CUSTOM_HEADERS").value_or(""));
  if (!headers) {
    return usage("ANTHROPIC_CUSTOM_HEADERS: " + headers.error());
  }
  api.custom_headers = std::move(*headers);
  api.workspace_id = bare_variable(env, "ANTHROPIC_WORKSPACE_ID");
  api.api_version = options.api_version;
  if (!http::is_header_value(api.workspace_id.value_or("")) ||
      !http::is_header_value(api.api_version)) {
    return usage("ANTHROPIC_WORKSPACE_ID and --api-version must not contain control characters");
  }
  api.parallel = options.parallel;
  api.max_rates = parse_max_rates(options.max_rate).value_or(api::MaxRates{});
  api.request_timeout = options.request_timeout;
  if (const auto key = choose_key(options, env, api); !key) {
    return tl::unexpected(key.error());
  }
  return api;
}

}  // namespace sessync::config
