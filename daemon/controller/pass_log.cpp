#include "daemon/controller/pass_log.h"

#include <set>
#include <utility>

#include "daemon/os/log.h"
#include "reconciler/condition.h"

namespace sessync {
namespace {

using Outcome = ActionResult::Outcome;

void log_action(const std::string& name, const Action& action, const ActionResult& result) {
  const std::string what = verb_of(action);
  std::vector<LogField> fields{
      {"session", name}, {"action", what}, {"mount_path", path_of(action).text()}};
  if (result.ended_at != TimePoint{}) {
    fields.emplace_back("duration_ms", result.took.count());
  }
  if (const auto size = size_of(action)) {
    fields.emplace_back("bytes", *size);
  }
  if (!result.request_id.empty()) {
    fields.emplace_back("request_id", result.request_id);
  }
  switch (result.outcome) {
    case Outcome::kDone:
      return log(LogLevel::kInfo, what + " done", fields);
    case Outcome::kFailed:
      return log(LogLevel::kWarning, what + " failed: " + result.error, fields);
    case Outcome::kSkipped:
      return log(LogLevel::kDebug, what + " put off: " + result.error, fields);
  }
}

void log_session_change(const std::string& name, const PassOutcome& outcome) {
  if (!outcome.executed || is_none(outcome.plan.session)) {
    return;
  }
  const std::string what = to_string(outcome.plan.session);
  if (outcome.session_result.outcome == Outcome::kDone) {
    log(LogLevel::kInfo, what + " done",
        {{"session", name}, {"action", what}, {"session_id", outcome.session_id}});
  } else {
    log(LogLevel::kWarning, what + " failed: " + outcome.session_result.error,
        {{"session", name}, {"action", what}});
  }
}

/// Everything that a person would call "the same as before".
std::string state_of(const PassOutcome& outcome, const Condition& ready) {
  std::string state = ready.reason + "\n" + ready.message;
  for (const auto& blocked : outcome.plan.blocked) {
    state += "\n" + blocked.path.text() + " " + blocked.reason;
  }
  for (const auto& warning : outcome.warnings) {
    state += "\n" + warning;
  }
  return state;
}

void log_state(const std::string& name, const PassOutcome& outcome, const Condition& ready) {
  const bool calm = ready.status || ready.reason == "Progressing";
  const auto level = calm ? LogLevel::kInfo : LogLevel::kWarning;
  log(level, ready.message,
      {{"session", name},
       {"reason", ready.reason},
       {"unchanged", outcome.plan.unchanged.size()},
       {"blocked", outcome.plan.blocked.size()},
       {"unmanaged", outcome.plan.unmanaged.size()}});
  for (const auto& warning : outcome.warnings) {
    log(LogLevel::kWarning, warning, {{"session", name}});
  }
  for (const auto& blocked : outcome.plan.blocked) {
    log(LogLevel::kWarning, blocked.reason,
        {{"session", name},
         {"blocked", to_string(blocked.code)},
         {"mount_path", blocked.path.text()}});
  }
}

}  // namespace

void log_pass(const std::string& name, const PassOutcome& outcome, std::string& last_state) {
  log_session_change(name, outcome);
  for (const auto& output : outcome.fetched) {
    log(LogLevel::kInfo, "output fetched",
        {{"session", name}, {"output", output.name}, {"bytes", output.size}});
  }
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    log_action(name, outcome.plan.actions[i], outcome.results[i]);
  }
  const auto ready = conditions_of(outcome).front();
  auto state = state_of(outcome, ready);
  if (state != last_state) {
    log_state(name, outcome, ready);
    last_state = std::move(state);
  } else {
    log(LogLevel::kDebug, "pass finished", {{"session", name}, {"reason", ready.reason}});
  }
}

void log_problems(const Manifest& manifest, std::string& last_problems) {
  std::string all;
  for (const auto& problem : manifest.problems()) {
    all += format_problem(problem) + "\n";
  }
  if (all == std::exchange(last_problems, all)) {
    return;
  }
  for (const auto& problem : manifest.problems()) {
    const bool error = problem.severity == Problem::Severity::kError;
    log(error ? LogLevel::kError : LogLevel::kWarning, format_problem(problem));
  }
  if (!manifest.valid()) {
    log(LogLevel::kWarning, "invalid manifest; keeping the last valid version until it is fixed",
        {{"sessions", manifest.sessions().size()}});
  } else {
    log(LogLevel::kInfo, "the manifest is in force", {{"sessions", manifest.sessions().size()}});
  }
}

}  // namespace sessync
