#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "daemon/app/signals.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/completion/completion.h"
#include "daemon/cli/output/failure.h"
#include "daemon/cli/output/output.h"
#include "daemon/config/settings.h"
#include "daemon/os/closed_memory.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "manifest/schema/schema.h"

namespace sessync::cli {
namespace {

/// What the commands print that need neither a manifest nor an environment.
std::optional<std::string> fixed_text(const config::Options& options) {
  switch (options.command) {
    case config::Command::kVersion:
      return "sessync " SESSYNC_VERSION "\n";
    case config::Command::kSchema:
      return std::string(options.policy_schema ? manifest::policy_schema()
                                               : manifest::manifest_schema());
    case config::Command::kCompletion:
      return completion_script(options.shell, config::describe_commands());
    default:
      return std::nullopt;
  }
}

int dispatch(const config::Options& options) {
  if (const auto text = fixed_text(options)) {
    print(*text);
    return config::exit_code::kOk;
  }
  const auto settings = config::resolve_settings(options, config::process_environment());
  if (!settings) {
    return refuse(options, settings.error());
  }
  switch (options.command) {
    case config::Command::kRun:
      return run_command(*settings);
    case config::Command::kApply:
      return apply_command(*settings);
    case config::Command::kPlan:
      return plan_command(*settings);
    case config::Command::kValidate:
      return validate_command(*settings);
    case config::Command::kImport:
      return import_command(*settings);
    case config::Command::kPull:
      return pull_command(*settings);
    case config::Command::kGc:
      return gc_command(*settings);
    case config::Command::kStatus:
      return status_command(*settings);
    case config::Command::kReconcile:
      return reconcile_command(*settings);
    case config::Command::kSuspend:
      return suspend_command(*settings);
    case config::Command::kResume:
      return resume_command(*settings);
    case config::Command::kSessionNames:
      return session_names_command(*settings);
    case config::Command::kSchema:
    case config::Command::kCompletion:
    case config::Command::kVersion:
      break;
  }
  return config::exit_code::kOk;
}

os::LogStyle log_style(const config::Options& options) {
  const bool json =
      options.log_format.empty() ? isatty(STDERR_FILENO) == 0 : options.log_format == "json";
  if (json) {
    return os::LogStyle::kJson;
  }
  // Whatever it is set to: https://no-color.org
  const bool plain = options.no_color || config::process_environment()("NO_COLOR").has_value();
  return plain ? os::LogStyle::kPlainText : os::LogStyle::kText;
}

/// What is opened next must not become standard output or error: a database would get the log. What
/// is missing is put so that reading finds nothing, output that is lost is noticed, and a log is
/// not missed.
void open_missing_descriptors() {
  constexpr std::array<int, 3> kModes = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (int fd = 0; fd < static_cast<int>(kModes.size()); ++fd) {
    const bool missing = ::fcntl(fd, F_GETFD) < 0 && errno == EBADF;
    if (missing && ::open("/dev/null", kModes.at(static_cast<std::size_t>(fd))) != fd) {
      std::_Exit(config::exit_code::kFailed);
    }
  }
}

/// These see to signals themselves, as soon as they can.
bool handles_signals(config::Command command) {
  return command == config::Command::kRun || command == config::Command::kApply ||
         command == config::Command::kPull || command == config::Command::kGc;
}

/// Large pieces (an answer, an archive's buffers) go back to the system when they are freed,
/// however large the ones before were, and threads share their free memory.
void keep_memory_small() {
  constexpr int kLargePiece = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, kLargePiece);
  ::mallopt(M_TRIM_THRESHOLD, kLargePiece);
  ::mallopt(M_ARENA_MAX, 2);
}

int run(int argc, const char* const* argv) {
  keep_memory_small();
  config::keep_environment_secret();
  const auto parsed = config::parse_options(argc, argv);
  const auto* const given = std::get_if<config::Options>(&parsed);
  if (given == nullptr || !handles_signals(given->command)) {
    app::release_signals();
  }
  if (const auto* early = std::get_if<config::EarlyExit>(&parsed)) {
    print(early->to_stdout);
    std::fputs(early->to_stderr.c_str(), stderr);
    if (early->json && early->code != config::exit_code::kOk) {
      const CommandError error{"usage", early->to_stderr};
      print(failure_document(early->command, error));
    }
    return early->code;
  }
  const auto& options = std::get<config::Options>(parsed);
  os::configure_log(options.log_level, log_style(options));
  try {
    return dispatch(options);
  } catch (const std::exception& error) {
    return refuse(options, {config::exit_code::kFailed, os::foreign_text(error.what())});
  }
}

}  // namespace
}  // namespace sessync::cli

int main(int argc, char** argv) {
  sessync::os::close_memory();
  sessync::app::hold_signals();
  sessync::cli::open_missing_descriptors();
  // A file size limit is an error of the write, as a full disk is.
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  // So is a reader that has gone.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  int code = sessync::config::exit_code::kFailed;
  try {
    code = sessync::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sessync: %s\n", sessync::os::foreign_text(error.what()).c_str());
  }
  return sessync::cli::close_output(code);
}
