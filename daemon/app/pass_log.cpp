#include "daemon/app/pass_log.h"

#include <set>
#include <utility>

#include "daemon/os/log.h"
#include "daemon/status/status.h"
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

void log_change(const std::string& name, const PassOutcome& outcome, const Condition& ready) {
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

void PassLog::manifest_read(const Manifest& manifest, TimePoint now) {
  log_problems(manifest);
  forget_left(now);
}

/// Names only come with manifests, so this is often enough to forget those that left. One that
/// comes back within a day is not told as if it were new.
void PassLog::forget_left(TimePoint now) {
  std::erase_if(last_state_,
                [now](const auto& entry) { return now - entry.second.at > kLeftKept; });
}

void PassLog::pass_finished(const FinishedPass& pass) {
  const auto& outcome = pass.outcome;
  log_session_change(pass.name, outcome);
  for (const auto& output : outcome.fetched) {
    log(LogLevel::kInfo, "output fetched",
        {{"session", pass.name}, {"output", output.name}, {"bytes", output.size}});
  }
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    log_action(pass.name, outcome.plan.actions[i], outcome.results[i]);
  }
  log_state(pass);
}

void PassLog::log_state(const FinishedPass& pass) {
  const auto ready = conditions_of(pass.outcome).front();
  auto state = state_of(pass.outcome, ready);
  auto& last = last_state_[pass.name];
  last.at = pass.at;
  if (state != last.text) {
    log_change(pass.name, pass.outcome, ready);
    last.text = std::move(state);
  } else {
    log(LogLevel::kDebug, "pass finished", {{"session", pass.name}, {"reason", ready.reason}});
  }
}

void PassLog::log_problems(const Manifest& manifest) {
  std::string all;
  for (const auto& problem : manifest.problems()) {
    all += format_problem(problem) + "\n";
  }
  if (all == std::exchange(last_problems_, all)) {
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
