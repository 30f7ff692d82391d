#include "daemon/app/pass_log.h"

#include <ranges>
#include <set>
#include <utility>

#include "daemon/os/log.h"
#include "daemon/status/status.h"
#include "reconciler/condition.h"

namespace sessync::app {
namespace {

using Outcome = apply::ActionResult::Outcome;

/// Nobody reads more lines; how many there are stands in a line of its own.
constexpr std::size_t kMostBlocked = 500;

void log_action(const std::string& name, const plan::Action& action,
                const apply::ActionResult& result) {
  const std::string what = plan::verb_of(action);
  std::vector<os::LogField> fields{
      {"session", name}, {"action", what}, {"mount_path", plan::path_of(action).text()}};
  if (result.ended_at != ports::TimePoint{}) {
    fields.emplace_back("duration_ms", result.took.count());
  }
  if (const auto size = plan::size_of(action)) {
    fields.emplace_back("bytes", *size);
  }
  if (!result.request_id.empty()) {
    fields.emplace_back("request_id", result.request_id);
  }
  switch (result.outcome) {
    case Outcome::kDone:
      return os::log(os::LogLevel::kInfo, what + " done", fields);
    case Outcome::kFailed:
      return os::log(os::LogLevel::kWarning, what + " failed: " + result.error, fields);
    case Outcome::kSkipped:
      return os::log(os::LogLevel::kDebug, what + " put off: " + result.error, fields);
  }
}

void log_session_change(const std::string& name, const pass::PassOutcome& outcome) {
  if (!outcome.executed || plan::is_none(outcome.plan.session)) {
    return;
  }
  const std::string what = to_string(outcome.plan.session);
  if (outcome.session_result.outcome == Outcome::kDone) {
    os::log(os::LogLevel::kInfo, what + " done",
            {{"session", name}, {"action", what}, {"session_id", outcome.session_id}});
  } else {
    os::log(os::LogLevel::kWarning, what + " failed: " + outcome.session_result.error,
            {{"session", name}, {"action", what}});
  }
}

/// Everything that a person would call "the same as before".
std::string state_of(const pass::PassOutcome& outcome, const reconciler::Condition& ready) {
  std::string state = ready.reason + "\n" + ready.message;
  for (const auto& blocked : outcome.plan.blocked | std::views::take(kMostBlocked)) {
    state += "\n" + blocked.path.text() + " " + blocked.reason;
  }
  for (const auto& warning : outcome.warnings) {
    state += "\n" + warning;
  }
  return state;
}

void log_change(const std::string& name, const pass::PassOutcome& outcome,
                const reconciler::Condition& ready) {
  const bool calm = ready.status || ready.reason == "Progressing";
  const auto level = calm ? os::LogLevel::kInfo : os::LogLevel::kWarning;
  os::log(level, ready.message,
          {{"session", name},
           {"reason", ready.reason},
           {"unchanged", outcome.plan.unchanged.size()},
           {"blocked", outcome.plan.blocked.size()},
           {"unmanaged", outcome.plan.unmanaged.size()}});
  for (const auto& warning : outcome.warnings) {
    os::log(os::LogLevel::kWarning, warning, {{"session", name}});
  }
  for (const auto& blocked : outcome.plan.blocked | std::views::take(kMostBlocked)) {
    os::log(os::LogLevel::kWarning, blocked.reason,
            {{"session", name},
             {"blocked", to_string(blocked.code)},
             {"mount_path", blocked.path.text()}});
  }
  if (outcome.plan.blocked.size() > kMostBlocked) {
    os::log(os::LogLevel::kWarning,
            "more is blocked, and not told one by one: `sessync plan` names all of it",
            {{"session", name}, {"more", outcome.plan.blocked.size() - kMostBlocked}});
  }
}

}  // namespace

void PassLog::manifest_read(const manifest::Manifest& manifest, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  log_problems(manifest);
  forget_left(now);
}

/// Names only come with manifests, so this is often enough to forget those that left. One that
/// comes back within a day is not told as if it were new.
void PassLog::forget_left(ports::TimePoint now) {
  std::erase_if(last_state_,
                [now](const auto& entry) { return now - entry.second.at > status::kLeftKept; });
}

void PassLog::pass_finished(const controller::FinishedPass& pass) {
  const std::lock_guard lock(mutex_);
  const auto& outcome = pass.outcome;
  log_session_change(pass.name, outcome);
  for (const auto& output : outcome.fetched) {
    os::log(os::LogLevel::kInfo, "output fetched",
            {{"session", pass.name}, {"output", output.name}, {"bytes", output.size}});
  }
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    log_action(pass.name, outcome.plan.actions[i], outcome.results[i]);
  }
  log_state(pass);
}

void PassLog::log_state(const controller::FinishedPass& pass) {
  const auto ready = reconciler::conditions_of(pass.outcome).front();
  auto state = state_of(pass.outcome, ready);
  auto& last = last_state_[pass.name];
  last.at = pass.at;
  if (state != last.text) {
    log_change(pass.name, pass.outcome, ready);
    last.text = std::move(state);
  } else {
    os::log(os::LogLevel::kDebug, "pass finished",
            {{"session", pass.name}, {"reason", ready.reason}});
  }
}

void PassLog::log_problems(const manifest::Manifest& manifest) {
  std::string all;
  for (const auto& problem : manifest.problems()) {
    all += manifest::format_problem(problem) + "\n";
  }
  if (all == std::exchange(last_problems_, all)) {
    return;
  }
  for (const auto& problem : manifest.problems()) {
    const bool error = problem.severity == manifest::Problem::Severity::kError;
    os::log(error ? os::LogLevel::kError : os::LogLevel::kWarning,
            manifest::format_problem(problem));
  }
  if (!manifest.valid()) {
    os::log(os::LogLevel::kWarning,
            "invalid manifest; keeping the last valid version until it is fixed",
            {{"sessions", manifest.sessions().size()}});
  } else {
    os::log(os::LogLevel::kInfo, "the manifest is in force",
            {{"sessions", manifest.sessions().size()}});
  }
}

}  // namespace sessync::app
