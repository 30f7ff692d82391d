#include "daemon/secrets/command_token.h"

#include <system_error>
#include <utility>

#include "daemon/os/log.h"
#include "daemon/os/os_error.h"
#include "daemon/secrets/command_output.h"
#include "daemon/secrets/token_text.h"

namespace sessync::secrets {
namespace {

using End = CommandResult::End;

constexpr std::size_t kShownErrors = 300;

std::string span_text(std::chrono::milliseconds span) {
  const auto ms = span.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string how_it_ended(const CommandResult& result, const CommandLimits& limits) {
  switch (result.end) {
    case End::kExited:
      return "failed with exit code " + std::to_string(result.code);
    case End::kSignalled:
      return "was ended by signal " + std::to_string(result.code);
    case End::kTimedOut:
      return "was killed: it had not finished after " + span_text(limits.time);
    case End::kTooLong:
      return "was killed: it printed more than " + std::to_string(limits.output) + " bytes";
    case End::kStopped:
      return "was not waited for: sessync is stopping";
    case End::kNotStarted:
      break;
  }
  return "cannot be started: " + os::error_text(result.code);
}

/// What a command says of its failure may hold anything: for whoever looks for it, in the log at
/// debug level. What it printed as its result is a secret, also if it turns up there.
void log_complaint(const std::string& name, const CommandResult& result) {
  std::string errors = result.errors;
  if (const auto printed = read_command_output(result.output))
    errors = ports::redact(errors, printed->token);
  std::string shown = safe_excerpt(errors, kShownErrors);
  ports::wipe(errors);
  if (shown.empty()) return;
  os::log(os::LogLevel::kDebug, "what a token command that failed wrote to standard error",
          {{"command", name}, {"text", std::move(shown)}});
}

void wipe_output(CommandResult& result) {
  ports::wipe(result.output);
  ports::wipe(result.errors);
}

}  // namespace

MintResult token_from_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                              const Clocks& clocks, const std::stop_token& stop) {
  // Its arguments may hold what must not be printed.
  const auto name = safe_excerpt(argv.front(), kShownErrors);
  const auto failed = [&name](const std::string& what) {
    return tl::unexpected(MintFailure{"command \"" + name + "\" " + what, {}});
  };
  CommandResult result = run_command(argv, limits, stop);
  if (result.end != End::kExited || result.code != 0) {
    log_complaint(name, result);
    wipe_output(result);
    return failed(how_it_ended(result, limits));
  }
  auto printed = read_command_output(result.output);
  if (!printed) log_complaint(name, result);
  wipe_output(result);
  if (!printed) return failed(printed.error());
  auto minted = make_minted(std::move(printed->token), printed->expires_at, clocks);
  if (!minted) return failed(minted.error());
  return std::move(*minted);
}

}  // namespace sessync::secrets
