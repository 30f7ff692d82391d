#include "daemon/secrets/command_token.h"

#include <cmath>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "daemon/secrets/token_text.h"
#include "reconciler/server_time.h"

namespace sessync {
namespace {

using nlohmann::json;
using End = CommandResult::End;

constexpr std::size_t kShownErrors = 300;
constexpr double kLastSecond = 253402300799;  // of the year 9999

struct Printed {
  Secret token;
  std::optional<TimePoint> expires_at;
};
using PrintedOr = tl::expected<Printed, std::string>;

tl::expected<std::optional<TimePoint>, std::string> read_expiry(const json& document) {
  const auto found = document.find("expires_at");
  if (found == document.end() || found->is_null()) return std::nullopt;
  std::optional<TimePoint> time;
  if (found->is_string()) {
    const auto written = parse_server_time(found->get_ref<const std::string&>());
    if (written) time = std::chrono::floor<Duration>(*written);
  }
  if (found->is_number()) {
    const auto seconds = found->get<double>();
    if (seconds > 0 && seconds <= kLastSecond) {
      time = TimePoint(Duration(std::llround(seconds * 1000)));
    }
  }
  if (time) return time;
  return tl::make_unexpected(
      "printed an \"expires_at\" that is neither RFC 3339 text nor seconds since 1970");
}

PrintedOr read_object(const std::string& text) {
  json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return tl::make_unexpected("printed something that is no JSON object");
  const auto found = document.find("token");
  if (found == document.end() || !found->is_string()) {
    return tl::make_unexpected("printed a JSON object without a \"token\" text");
  }
  auto token = token_of_text(std::move(found->get_ref<std::string&>()));
  if (!token) return tl::unexpected("printed a \"token\" that " + token.error());
  auto expires_at = read_expiry(document);
  if (!expires_at) return tl::unexpected(std::move(expires_at.error()));
  return Printed{std::move(*token), *expires_at};
}

PrintedOr read_output(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') return read_object(text);
  auto token = token_of_text(text);
  if (!token) return tl::make_unexpected("printed a text that " + token.error());
  return Printed{std::move(*token), std::nullopt};
}

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
  return "cannot be started: " + std::generic_category().message(result.code);
}

/// What the command said of its failure. What it printed as its result is a secret, also if it
/// turns up here.
std::string complaint(const CommandResult& result) {
  std::string errors = result.errors;
  if (const auto printed = read_output(result.output)) errors = redact(errors, printed->token);
  const std::string shown = safe_excerpt(errors, kShownErrors);
  wipe(errors);
  return shown.empty() ? shown : "; it said: " + shown;
}

void wipe_output(CommandResult& result) {
  wipe(result.output);
  wipe(result.errors);
}

}  // namespace

MintResult token_from_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                              const Clocks& clocks, const std::stop_token& stop) {
  const auto failed = [&argv](const std::string& what) {
    // Its arguments may hold what must not be printed.
    return tl::unexpected(
        MintFailure{"command \"" + safe_excerpt(argv.front(), kShownErrors) + "\" " + what, {}});
  };
  CommandResult result = run_command(argv, limits, stop);
  if (result.end != End::kExited || result.code != 0) {
    const std::string what = how_it_ended(result, limits) + complaint(result);
    wipe_output(result);
    return failed(what);
  }
  auto printed = read_output(result.output);
  const std::string said = printed ? "" : complaint(result);
  wipe_output(result);
  if (!printed) return failed(printed.error() + said);
  auto minted = make_minted(std::move(printed->token), printed->expires_at, clocks);
  if (!minted) return failed(minted.error());
  return std::move(*minted);
}

}  // namespace sessync
