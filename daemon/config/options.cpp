#include "daemon/config/options.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>

#include "daemon/http/server/listen_address.h"
#include "daemon/os/environment.h"
#include "daemon/os/foreign_text.h"
#include "manifest/text/text.h"

namespace sessync::config {
namespace {

const CLI::Validator& duration() {
  static const CLI::Validator check(
      [](std::string& text) {
        return parse_wait(text)
                   ? std::string()
                   : "invalid duration '" + text + "': use for example 500ms, 30s, 5m or 1h";
      },
      "DURATION");
  return check;
}

const CLI::Validator& rates() {
  static const CLI::Validator check(
      [](std::string& text) {
        return parse_max_rates(text)
                   ? std::string()
                   : "invalid rate '" + text + "': use for example writes=5/s,reads=20/s";
      },
      "RATES");
  return check;
}

const CLI::Validator& percentage() {
  static const CLI::Validator check(
      [](std::string& text) {
        return parse_percentage(text) ? std::string()
                                      : "invalid share '" + text + "': use 0% to 99%, such as 5%";
      },
      "PERCENT");
  return check;
}

const CLI::Validator& host_names() {
  static const CLI::Validator check(
      [](std::string& text) {
        return http::is_host_name(text)
                   ? std::string()
                   : "'" + text + "' is no host: write its name alone, such as sessync.example.org";
      },
      "NAME");
  return check;
}

const CLI::Validator& variable_patterns() {
  static const CLI::Validator check(
      [](std::string& text) {
        return os::is_variable_pattern(text) ? std::string()
                                             : "'" + text +
                                                   "' names no environment variable: write a name, "
                                                   "such as VAULT_ADDR, or a pattern, such as GH_*";
      },
      "NAME");
  return check;
}

const CLI::Validator& owner_names() {
  static const CLI::Validator check(
      [](std::string& text) {
        return manifest::is_owner_name(text)
                   ? std::string()
                   : "'" + text + "' is no owner: write 1 to 20 lower-case letters, digits and '-'";
      },
      "NAME");
  return check;
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                          const std::string& help) {
  return app
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { value = *parse_wait(text); }, help)
      ->check(duration());
}

/// Builds the parser; writes into `options` while parsing.
class CommandLine {
 public:
  explicit CommandLine(Options& options) : o_(options) {
    app_.require_subcommand(1);
    app_.set_help_all_flag("--help-all", "Help for every command");
    add_command("run", Command::kRun, "Watch, reconcile and keep going until SIGTERM");
    add_command("apply", Command::kApply, "Reconcile once until converged, then exit");
    add_command("plan", Command::kPlan, "Print what apply would do; writes nothing");
    add_command("validate", Command::kValidate, "Check the manifest offline");
    add_command("import", Command::kImport, "Print a manifest for live sessions");
    add_command("pull", Command::kPull, "Download the outputs once");
    add_command("gc", Command::kGc, "List uploads of this owner that nothing needs");
    add_asking();
    add_completion();
    add_schema();
    add_plain("version", Command::kVersion, "Print the version");
  }

  CLI::App& app() { return app_; }

  /// The command of a line that cannot be parsed: the first word that is one.
  [[nodiscard]] Command named_in(const std::vector<std::string>& words) const {
    for (const auto& word : words) {
      if (const auto found = by_name_.find(word); found != by_name_.end()) return found->second;
    }
    return Command::kRun;
  }

 private:
  CLI::App* add_plain(const std::string& name, Command command, const std::string& help) {
    auto* sub = app_.add_subcommand(name, help);
    sub->parse_complete_callback([this, command] { o_.command = command; });
    by_name_[name] = command;
    return sub;
  }

  /// What asks the running daemon: it knows the API.
  void add_asking() {
    auto* status = add_plain("status", Command::kStatus, "Show the status of the running daemon");
    add_common(*status);
    add_read_token(*status);
    status->add_flag("--watch", o_.watch, "Follow what changes");
    auto* reconcile = add_ask("reconcile", Command::kReconcile, "Reconcile now");
    reconcile->add_option("--allow-deletes", o_.allow_deletes,
                          "Id of a held set of deletes to let through, once");
    add_ask("suspend", Command::kSuspend, "Suspend a session: nothing is written to it");
    add_ask("resume", Command::kResume, "Resume a suspended session");
  }

  CLI::App* add_ask(const std::string& name, Command command, const std::string& help) {
    auto* sub = add_plain(name, command, help);
    add_common(*sub);
    add_admin_token(*sub);
    add_read_token(*sub);
    auto* session = sub->add_option("session", o_.asked_session, "The session");
    session->type_name(value_kind::kSession)->required(command != Command::kReconcile);
    return sub;
  }

  void add_admin_token(CLI::App& app) {
    env(app.add_option("--admin-token-file", o_.admin_token_file,
                       "File with the bearer token for write requests to the daemon")
            ->type_name(value_kind::kFile),
        "ADMIN_TOKEN_FILE");
  }

  void add_read_token(CLI::App& app) {
    env(app.add_option("--read-token-file", o_.read_token_file,
                       "File with the bearer token for read requests to the daemon")
            ->type_name(value_kind::kFile),
        "READ_TOKEN_FILE");
  }

  void add_allow_env(CLI::App& app) {
    env(app.add_option(
               "--allow-env", o_.allow_env,
               "Environment variable that tokens and commands may use (repeatable; * and ?)")
            ->delimiter(',')
            ->check(variable_patterns()),
        "ALLOW_ENV");
  }

  void add_outputs_min_free(CLI::App& app) {
    env(app.add_option_function<std::string>(
               "--outputs-min-free",
               [this](const std::string& text) { o_.outputs_min_free = *parse_percentage(text); },
               "Share of its file system that outputs leave free (default: 5%)")
            ->check(percentage()),
        "OUTPUTS_MIN_FREE");
  }

  void add_schema() {
    add_plain("schema", Command::kSchema, "Print the JSON Schema of a manifest, or of a policy")
        ->add_option_function<std::string>(
            "kind", [this](const std::string& kind) { o_.policy_schema = kind == "policy"; },
            "manifest (the default) or policy")
        ->check(CLI::IsMember({"manifest", "policy"}));
  }

  void add_policy(CLI::App& app) {
    env(app.add_option("--policy", o_.policy,
                       "Policy: a YAML file that says what manifest files may ask for")
            ->type_name(value_kind::kFile),
        "POLICY");
    env(app.add_flag("--isolate", o_.isolate,
                     "Keep each manifest file to the directories that are called like it"),
        "ISOLATE");
  }

  void add_completion() {
    add_plain("completion", Command::kCompletion, "Print a completion script for a shell")
        ->add_option("shell", o_.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    // What completed command lines ask for; for nobody else.
    auto* names = add_plain("session-names", Command::kSessionNames, "");
    names->group("");
    add_manifest(*names);
  }

  void add_manifest(CLI::App& app) {
    env(app.add_option("-m,--manifest", o_.manifest,
                       "Manifest: a YAML file, or a directory of them")
            ->type_name(value_kind::kFile),
        "MANIFEST");
  }

  void add_command(const std::string& name, Command command, const std::string& help) {
    auto* sub = app_.add_subcommand(name, help);
    by_name_[name] = command;
    // Not `callback`: with one of this kind the environment is read for the given command only. All
    // commands share the variables, so another one would overwrite what the command line said.
    sub->parse_complete_callback([this, command] { o_.command = command; });
    add_common(*sub);
    if (command != Command::kImport) {
      env(sub->add_option(
                 "--owner", o_.owner,
                 "Owner that counts where files of the manifest disagree and none has been "
                 "in force")
              ->check(owner_names()),
          "OWNER");
      add_policy(*sub);
    }
    if (command == Command::kValidate) {
      add_keys(*sub);
    } else {
      add_api(*sub);
    }
    if (command == Command::kApply || command == Command::kPlan || command == Command::kValidate) {
      add_server_secrets(*sub);
    }
    if (command == Command::kRun) {
      add_run(*sub);
    }
    if (command == Command::kApply) {
      sub->add_option("--allow-deletes", o_.allow_deletes,
                      "Id of a held set of deletes to let through, once");
      add_duration(*sub, "--timeout", o_.timeout, "Time limit (default: 5m)");
    }
    if (command == Command::kRun || command == Command::kApply) {
      sub->add_flag("--allow-commands", o_.allow_commands, "Allow token sources that run commands");
    }
    if (command == Command::kRun || command == Command::kApply || command == Command::kPlan) {
      add_allow_env(*sub);
    }
    if (command == Command::kRun || command == Command::kApply || command == Command::kPlan ||
        command == Command::kGc) {
      sub->add_flag("--adopt-unkeyed", o_.adopt_unkeyed,
                    "Take over, once, what was marked before there was a --marker-key-file");
    }
    if (command == Command::kRun || command == Command::kApply || command == Command::kPull) {
      add_outputs_min_free(*sub);
    }
    if (command == Command::kImport) {
      sub->add_option("session-id", o_.import_ids, "The sessions")->required();
    }
    if (command == Command::kGc) {
      sub->add_flag("--yes", o_.yes, "Delete them");
    }
    if (command == Command::kPlan) {
      sub->add_flag("--detailed-exitcode", o_.detailed_exitcode,
                    "Exit 2 for changes, else 4 for blocked entries");
      sub->add_flag("-v,--verbose", o_.verbose, "Include unchanged resources");
    }
  }

  static void add_directory(CLI::App& app, const std::string& names, std::string& value,
                            const std::string& help, const std::string& variable) {
    env(app.add_option(names, value, help)->type_name(value_kind::kDirectory), variable);
  }

  void add_common(CLI::App& app) {
    add_manifest(app);
    add_directory(app, "-w,--workspace", o_.workspace,
                  "Directory that sources are relative to (default: that of the manifest)",
                  "WORKSPACE");
    add_directory(app, "--state-dir", o_.state_dir, "State directory, or none to keep it in memory",
                  "STATE_DIR");
    add_directory(app, "--outputs-dir", o_.outputs_dir,
                  "Directory for outputs (default: ./outputs)", "OUTPUTS_DIR");
    add_directory(
        app, "--secrets-dir", o_.secrets_dir,
        "Directory that secret files are relative to (default: $CREDENTIALS_DIRECTORY, or .)",
        "SECRETS_DIR");
    env(app.add_option("-s,--session", o_.sessions, "Name of a session to restrict to (repeatable)")
            ->type_name(value_kind::kSession),
        "SESSION");
    env(app.add_option_function<std::string>(
               "-o,--output", [this](const std::string& text) { o_.json = text == "json"; },
               "Output format: text or json")
            ->check(CLI::IsMember({"text", "json"})),
        "OUTPUT");
    static const std::map<std::string, os::LogLevel> levels{{"debug", os::LogLevel::kDebug},
                                                            {"info", os::LogLevel::kInfo},
                                                            {"warn", os::LogLevel::kWarning},
                                                            {"error", os::LogLevel::kError},
                                                            {"off", os::LogLevel::kOff}};
    // The one that is added last looks at what was written first.
    env(app.add_option("--log-level", o_.log_level, "Log level (default: info)")
            ->transform(CLI::Transformer(levels).description(""))
            ->transform(CLI::IsMember(levels))
            ->type_name("LEVEL"),
        "LOG_LEVEL");
    env(app.add_option("--log-format", o_.log_format,
                       "Log format: text or json (default: json unless on a terminal)")
            ->check(CLI::IsMember({"text", "json"})),
        "LOG_FORMAT");
    env(app.add_flag("--no-color", o_.no_color, "Disable colours"), "NO_COLOR");
  }

  void add_keys(CLI::App& app) {
    env(app.add_option("--api-key-file", o_.api_key_file, "File with the API key")
            ->type_name(value_kind::kFile),
        "API_KEY_FILE");
    env(app.add_option("--marker-key-file", o_.marker_key_file,
                       "File with the keys that markers are made with, the newest first")
            ->type_name(value_kind::kFile),
        "MARKER_KEY_FILE");
  }

  /// Of the daemon: every command that looks at the workspace has to know what never leaves it.
  void add_server_secrets(CLI::App& app) {
    add_admin_token(app);
    add_read_token(app);
    add_tls_key(app);
  }

  void add_tls_key(CLI::App& app) {
    env(app.add_option("--tls-key", o_.tls_key,
                       "Private key (PEM) of the certificate of the status server")
            ->type_name(value_kind::kFile),
        "TLS_KEY");
  }

  void add_api(CLI::App& app) {
    add_keys(app);
    env(app.add_option("--auth-style", o_.auth_style,
                       "How the API key is sent: x-api-key or bearer")
            ->check(CLI::IsMember({"x-api-key", "bearer"})),
        "AUTH_STYLE");
    env(app.add_option("--api-version", o_.api_version, "Value of the anthropic-version header"),
        "API_VERSION");
    env(app.add_option("--parallel", o_.parallel,
                       "Connections, and files worked on at once (default: 32)")
            ->check(CLI::Range(1, 256)),
        "PARALLEL");
    env(app.add_option("--github-api-url", o_.github_api_url,
                       "GitHub API that mints App tokens (default: https://api.github.com)"),
        "GITHUB_API_URL");
    env(app.add_option("--max-rate", o_.max_rate,
                       "Request rate limits, such as writes=5/s,reads=20/s,files=8/s")
            ->check(rates()),
        "MAX_RATE");
    env(add_duration(app, "--request-timeout", o_.request_timeout,
                     "Timeout of a request without progress (default: 60s)"),
        "REQUEST_TIMEOUT");
    env(add_duration(app, "--list-grace", o_.list_grace,
                     "Longest lag of lists behind writes (default: 30s)"),
        "LIST_GRACE");
  }

  void add_run(CLI::App& app) {
    env(app.add_option("--listen", o_.listen,
                       "Address of the status server, or off (default: 127.0.0.1:8900)"),
        "LISTEN");
    env(app.add_flag("--listen-required", o_.listen_required,
                     "End at the start if that address cannot be listened on"),
        "LISTEN_REQUIRED");
    add_admin_token(app);
    add_read_token(app);
    env(app.add_option("--allowed-host", o_.allowed_hosts, "Host name to answer to (repeatable)")
            ->delimiter(',')
            ->check(host_names()),
        "ALLOWED_HOST");
    env(app.add_option("--tls-cert", o_.tls_cert,
                       "Certificate (PEM) with which status is served over TLS")
            ->type_name(value_kind::kFile),
        "TLS_CERT");
    add_tls_key(app);
    env(app.add_option("--workers", o_.workers, "Sessions reconciled at once (default: 4)")
            ->check(CLI::Range(1, 64)),
        "WORKERS");
    env(add_duration(app, "--settle", o_.settle, "Quiet period after a change (default: 50ms)"),
        "SETTLE");
    env(add_duration(app, "--rescan", o_.rescan, "Interval between full rescans (default: 10m)"),
        "RESCAN");
    env(app.add_flag("--no-sandbox", o_.no_sandbox,
                     "Give up nothing: neither files (Landlock) nor system calls (seccomp)"),
        "NO_SANDBOX");
  }

  static void env(CLI::Option* option, const std::string& name) {
    option->envname("SESSYNC_" + name);
  }

  Options& o_;
  std::map<std::string, Command> by_name_;
  CLI::App app_{"Keeps Managed Agents sessions equal to a manifest", "sessync"};
};

std::string first_of(const std::vector<std::string>& names) {
  return names.empty() ? "" : names.front();
}

CommandWords words_of_command(const CLI::App& command) {
  CommandWords words{command.get_name(), command.get_description(), {}, {}};
  for (const auto* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? words.positionals : words.options)
        .push_back(words_of({first_of(option->get_snames()), first_of(option->get_lnames()),
                             option->get_description(), option->get_type_name(),
                             option->get_items_expected_max()}));
  }
  return words;
}

/// Whether a line that cannot be parsed asks for a document.
bool asks_for_json(const std::vector<std::string>& words) {
  const char* const variable = std::getenv("SESSYNC_OUTPUT");  // NOLINT(concurrency-mt-unsafe)
  std::string last = variable == nullptr ? "" : variable;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_apart = words[i] == "-o" || words[i] == "--output";
    if (is_apart && i + 1 < words.size()) last = words[i + 1];
    if (words[i].starts_with("--output=")) last = words[i].substr(9);
    if (words[i].starts_with("-o") && words[i].size() > 2) last = words[i].substr(2);
  }
  return last == "json" || last == "=json";
}

}  // namespace

std::vector<CommandWords> describe_commands() {
  Options unused;
  CommandLine line(unused);
  std::vector<CommandWords> commands;
  for (const auto* command : line.app().get_subcommands({})) {
    if (!command->get_group().empty()) commands.push_back(words_of_command(*command));
  }
  return commands;
}

std::variant<Options, EarlyExit> parse_options(int argc, const char* const* argv) {
  Options options;
  CommandLine line(options);
  try {
    line.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = line.app().exit(error, out, err);
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    return EarlyExit{code == 0 ? exit_code::kOk : exit_code::kUsage, line.named_in(words),
                     asks_for_json(words), out.str(), os::foreign_lines(err.str())};
  }
  return options;
}

}  // namespace sessync::config
