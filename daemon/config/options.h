#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/api/send/api_options.h"
#include "daemon/config/command_words.h"
#include "daemon/config/exit_code.h"
#include "daemon/os/log.h"

namespace sessync::config {

enum class Command {
  kRun,
  kApply,
  kPlan,
  kValidate,
  kImport,
  kPull,
  kGc,
  kStatus,
  kReconcile,
  kSuspend,
  kResume,
  kSchema,
  kCompletion,
  kSessionNames,
  kVersion
};

/// The command line and the environment, as given: nothing is read or resolved yet.
struct Options {
  Command command = Command::kRun;
  int outputs_min_free = 5;  ///< percent of the file system of outputs_dir
  std::string manifest = "sessync.yaml";
  std::string workspace;
  std::string owner;  ///< where files disagree and none has been in force
  std::string state_dir;
  std::string outputs_dir = "./outputs";
  std::string secrets_dir;
  std::vector<std::string> sessions;  ///< empty: all
  bool json = false;
  bool no_color = false;
  os::LogLevel log_level = os::LogLevel::kInfo;
  std::string log_format;  ///< text | json | "" for the default

  std::string listen = "127.0.0.1:8900";
  std::string admin_token_file;
  std::string read_token_file;
  std::vector<std::string> allowed_hosts;
  std::string tls_cert;
  std::string tls_key;
  int workers = 4;
  int parallel = 32;
  std::chrono::milliseconds settle{50};
  std::chrono::milliseconds rescan{std::chrono::minutes(10)};
  std::chrono::milliseconds list_grace{std::chrono::seconds(30)};
  std::string allow_deletes;
  std::string github_api_url = "https://api.github.com";
  std::vector<std::string> import_ids;
  std::string shell;  ///< bash | zsh | fish
  std::chrono::milliseconds timeout{std::chrono::minutes(5)};
  bool allow_commands = false;
  bool listen_required = false;
  bool no_sandbox = false;
  bool isolate = false;
  bool policy_schema = false;  ///< `schema` is asked for that of a policy
  bool watch = false;
  std::vector<std::string> allow_env;  ///< patterns of names of variables
  std::string policy;
  std::string asked_session;  ///< what reconcile, suspend or resume is about
  bool yes = false;
  bool detailed_exitcode = false;
  bool verbose = false;
  bool adopt_unkeyed = false;

  std::string marker_key_file;
  std::string api_key_file;
  std::string auth_style = "x-api-key";
  std::string api_version = "2023-06-01";
  std::string max_rate;
  std::chrono::milliseconds request_timeout{std::chrono::seconds(60)};
};

/// The command line asked for nothing that runs: help was printed, or it could not be understood.
struct EarlyExit {
  int code = exit_code::kUsage;
  Command command = Command::kRun;  ///< as far as it could be understood
  bool json = false;                ///< it asked for a document
  std::string to_stdout;
  std::string to_stderr;
};

/// Reads the command line; each common option also comes from SESSYNC_<NAME>.
std::variant<Options, EarlyExit> parse_options(int argc, const char* const* argv);

/// The commands and their options, for completing command lines; hidden ones are left out.
std::vector<CommandWords> describe_commands();

/// "250ms", or a duration as manifests have it ("30s", "5m", "1h30m"); nothing if it does not
/// parse.
std::optional<std::chrono::milliseconds> parse_wait(const std::string& text);

/// "5%", 0% to 99%; nothing if it does not parse.
std::optional<int> parse_percentage(const std::string& text);

/// "writes=5/s,reads=20/s"; nothing if it does not parse.
std::optional<api::MaxRates> parse_max_rates(const std::string& text);

}  // namespace sessync::config
