#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "daemon/api/send/api_options.h"
#include "daemon/config/exit_code.h"
#include "daemon/config/options.h"
#include "daemon/pass/manifest_source.h"
#include "daemon/pass/policy_source.h"
#include "reconciler/ports/marker_key.h"

namespace sessync::config {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Options, environment and defaults put together; paths are absolute.
struct Settings {
  Options options;
  runner::ManifestSource manifest;
  std::string workspace;
  std::optional<std::string> state_dir;  ///< nothing: kept in memory
  bool state_dir_is_usual = false;       ///< nobody named it: it goes by the manifest's path
  std::string outputs_dir;
  std::string secrets_dir;
  std::string github_api_url;
  bool secrets_dir_is_given = false;  ///< by an option or the service manager
  runner::PolicySource policy{};
};

tl::expected<Settings, UsageError> resolve_settings(const Options& options, const Environment& env);

/// What the API client needs; reads a key file once, to fail early.
tl::expected<api::ApiOptions, UsageError> resolve_api_options(const Options& options,
                                                              const Environment& env);

/// Reads the keys of markers, which are the same for as long as the process lives.
tl::expected<ports::MarkerRules, UsageError> resolve_marker_rules(const Options& options);

/// The variables of this process, also those that are not in its environment any more.
Environment process_environment();

/// From now on no message shows what the environment has of keys, tokens and passwords, and nobody
/// finds it in /proc. Before the first thread starts.
void keep_environment_secret();

}  // namespace sessync::config
