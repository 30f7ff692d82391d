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
#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "manifest/schema/schema.h"

namespace sessync {
namespace {

/// What the commands print that need neither a manifest nor an environment.
std::optional<std::string> fixed_text(const Options& options) {
  switch (options.command) {
    case Command::kVersion:
      return "sessync " SESSYNC_VERSION "\n";
    case Command::kSchema:
      return std::string(manifest_schema());
    case Command::kCompletion:
      return completion_script(options.shell, describe_commands());
    default:
      return std::nullopt;
  }
}

int dispatch(const Options& options) {
  if (const auto text = fixed_text(options)) {
    print(*text);
    return exit_code::kOk;
  }
  const auto settings = resolve_settings(options, process_environment());
  if (!settings) {
    return refuse(options, settings.error());
  }
  switch (options.command) {
    case Command::kRun:
      return run_command(*settings);
    case Command::kApply:
      return apply_command(*settings);
    case Command::kPlan:
      return plan_command(*settings);
    case Command::kValidate:
      return validate_command(*settings);
    case Command::kImport:
      return import_command(*settings);
    case Command::kPull:
      return pull_command(*settings);
    case Command::kGc:
      return gc_command(*settings);
    case Command::kStatus:
      return status_command(*settings);
    case Command::kReconcile:
      return reconcile_command(*settings);
    case Command::kSuspend:
      return suspend_command(*settings);
    case Command::kResume:
      return resume_command(*settings);
    case Command::kSessionNames:
      return session_names_command(*settings);
    case Command::kSchema:
    case Command::kCompletion:
    case Command::kVersion:
      break;
  }
  return exit_code::kOk;
}

LogStyle log_style(const Options& options) {
  const bool json =
      options.log_format.empty() ? isatty(STDERR_FILENO) == 0 : options.log_format == "json";
  if (json) {
    return LogStyle::kJson;
  }
  // Whatever it is set to: https://no-color.org
  const bool plain = options.no_color || process_environment()("NO_COLOR").has_value();
  return plain ? LogStyle::kPlainText : LogStyle::kText;
}

/// What is opened next must not become standard output or error: a database would get the log. What
/// is missing is put so that reading finds nothing, output that is lost is noticed, and a log is
/// not missed.
void open_missing_descriptors() {
  constexpr std::array<int, 3> kModes = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (int fd = 0; fd < static_cast<int>(kModes.size()); ++fd) {
    const bool missing = ::fcntl(fd, F_GETFD) < 0 && errno == EBADF;
    if (missing && ::open("/dev/null", kModes.at(static_cast<std::size_t>(fd))) != fd) {
      std::_Exit(exit_code::kFailed);
    }
  }
}

/// These see to signals themselves, as soon as they can.
bool handles_signals(Command command) {
  return command == Command::kRun || command == Command::kApply || command == Command::kPull ||
         command == Command::kGc;
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
  keep_environment_secret(process_environment());
  const auto parsed = parse_options(argc, argv);
  const auto* const given = std::get_if<Options>(&parsed);
  if (given == nullptr || !handles_signals(given->command)) {
    release_signals();
  }
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) {
    print(early->to_stdout);
    std::fputs(early->to_stderr.c_str(), stderr);
    if (early->json && early->code != exit_code::kOk) {
      const CommandError error{"usage", early->to_stderr};
      print(failure_document(early->command, error));
    }
    return early->code;
  }
  const auto& options = std::get<Options>(parsed);
  configure_log(options.log_level, log_style(options));
  try {
    return dispatch(options);
  } catch (const std::exception& error) {
    return refuse(options, {exit_code::kFailed, foreign_text(error.what())});
  }
}

}  // namespace
}  // namespace sessync

int main(int argc, char** argv) {
  sessync::hold_signals();
  sessync::open_missing_descriptors();
  // A file size limit is an error of the write, as a full disk is.
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  // So is a reader that has gone.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  int code = sessync::exit_code::kFailed;
  try {
    code = sessync::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sessync: %s\n", sessync::foreign_text(error.what()).c_str());
  }
  return sessync::close_output(code);
}
