#include "daemon/status/session_update.h"

#include <algorithm>
#include <utility>

namespace sessync::status {
namespace {

using Outcome = apply::ActionResult::Outcome;

ResourceCounts counts_of(const plan::Plan& plan, const std::vector<apply::ActionResult>& results) {
  ResourceCounts counts;
  counts.in_sync = plan.unchanged.size();
  counts.blocked = plan.blocked.size();
  counts.unmanaged = plan.unmanaged.size();
  counts.pending = plan.pending.size();
  counts.files = plan.rows_now;
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    const auto& action = plan.actions[i];
    const bool done = i < results.size() && results[i].outcome == Outcome::kDone;
    if (std::holds_alternative<plan::Delete>(action)) {
      counts.files -= done && counts.files > 0 ? 1U : 0U;
    } else {
      ++(done ? counts.in_sync : counts.pending);
      counts.files += done && std::holds_alternative<plan::Add>(action) ? 1U : 0U;
    }
  }
  counts.desired = counts.in_sync + counts.pending + counts.blocked;
  return counts;
}

void remember(SessionStatus& status, RecentAction action) {
  status.recent.push_front(std::move(action));
  if (status.recent.size() > SessionStatus::kRecent) {
    status.recent.pop_back();
  }
}

void remember_actions(SessionStatus& status, const pass::PassOutcome& outcome,
                      ports::TimePoint at) {
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    const auto& result = outcome.results[i];
    if (result.outcome == Outcome::kSkipped) {
      continue;
    }
    const bool done = result.outcome == Outcome::kDone;
    remember(status,
             {result.ended_at == ports::TimePoint{} ? at : result.ended_at,
              plan::verb_of(outcome.plan.actions[i]), plan::path_of(outcome.plan.actions[i]).text(),
              done ? "done" : "failed", result.error});
  }
  for (const auto& output : outcome.fetched) {
    remember(status, {at, "fetch", output.name, "done", {}});
  }
}

void remember_session_change(SessionStatus& status, const pass::PassOutcome& outcome,
                             ports::TimePoint at) {
  if (!outcome.executed || plan::is_none(outcome.plan.session)) {
    return;
  }
  const bool done = outcome.session_result.outcome == Outcome::kDone;
  remember(status, {at,
                    plan::to_string(outcome.plan.session),
                    {},
                    done ? "done" : "failed",
                    outcome.session_result.error});
}

/// The first of them: what is shown is copied often.
template <class Entry>
std::vector<Entry> first_of(const std::vector<Entry>& all) {
  const auto count = std::min(all.size(), SessionStatus::kListed);
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

void take_in_plan(SessionStatus& status, const pass::PassOutcome& outcome) {
  const auto max_files = status.counts.max_files;
  status.counts = counts_of(outcome.plan, outcome.results);
  status.counts.max_files = max_files;
  status.blocked = first_of(outcome.plan.blocked);
  status.unmanaged = first_of(outcome.plan.unmanaged);
  status.held = outcome.plan.held;
}

std::vector<reconciler::Condition> progressing(const std::string& message) {
  return {{"Ready", false, "Progressing", message},
          {"Reconciling", true, "Progressing", message},
          {"Stalled", false, "Progressing", message},
          {"Drifted", false, "Succeeded", {}}};
}

bool is_worth_showing(const SessionStatus& status, const reconciler::PassProgress& pass,
                      bool is_news, ports::TimePoint now) {
  const auto lasts = [now](const std::optional<ports::TimePoint>& since) {
    return since && now - *since >= kShownAfter;
  };
  const auto& ready = status.conditions.front().what;
  const bool is_suspended = status.suspended || status.suspended_by_manifest;
  if (is_suspended) {
    return false;
  }
  if (pass.found) {
    return lasts(pass.known_since);
  }
  if (!lasts(pass.waiting_since)) {
    return false;
  }
  // What was wrong before says more than that it is looked at again.
  const bool was_limited = ready.reason == "RateLimited";
  if (pass.limited_until) {
    return ready.status || was_limited || status.conditions.at(1).what.status;
  }
  return was_limited || (ready.status && (is_news || !pass.reads_workspace));
}

bool is_standstill(const std::string& reason) {
  return reason == "ManifestInvalid" || reason == "StateUnavailable";
}

}  // namespace

void set_conditions(SessionStatus& status, const std::vector<reconciler::Condition>& conditions,
                    ports::TimePoint now) {
  std::vector<TimedCondition> timed;
  timed.reserve(conditions.size());
  for (const auto& condition : conditions) {
    const auto before = std::ranges::find(
        status.conditions, condition.type,
        [](const TimedCondition& old) -> const std::string& { return old.what.type; });
    const bool same = before != status.conditions.end() && before->what.status == condition.status;
    timed.push_back({condition, same ? before->since : now});
  }
  status.conditions = std::move(timed);
}

std::vector<reconciler::Condition> conditions_before_a_pass() {
  return progressing("waiting for the first pass");
}

std::vector<reconciler::Condition> conditions_of_waiting() {
  return progressing("something changed; the session waits for its turn");
}

void show_standstill(SessionStatus& status, const std::optional<Standstill>& standstill,
                     ports::TimePoint now) {
  const auto ready = status.conditions[0].what;
  const auto reconciling = status.conditions[1].what;
  std::vector<reconciler::Condition> conditions;
  conditions.reserve(status.conditions.size());
  for (const auto& timed : status.conditions) {
    const auto& reason = timed.what.reason;
    const bool shown = reason != ready.reason && is_standstill(reason);
    if (timed.what.type != "Stalled" || (!standstill && !shown)) {
      conditions.push_back(timed.what);
    } else if (standstill) {
      conditions.push_back({"Stalled", true, standstill->reason, standstill->message});
    } else {
      // As the last pass had it: whoever is neither ready nor at work stands still.
      conditions.push_back(
          {"Stalled", !ready.status && !reconciling.status, ready.reason, ready.message});
    }
  }
  set_conditions(status, conditions, now);
}

void take_in_pass(SessionStatus& status, const pass::PassOutcome& outcome, ports::TimePoint at) {
  if (!outcome.session_id.empty()) {
    status.session_id = outcome.session_id;
  }
  status.last_pass_at = at;
  set_conditions(status, reconciler::conditions_of(outcome), at);
  remember_session_change(status, outcome, at);
  remember_actions(status, outcome, at);
  if (outcome.converged() && !outcome.suspended) {
    status.last_converged_at = at;
  }
  if (outcome.error) {
    return;  // it could not be looked at: what was known of it is the best there is
  }
  take_in_plan(status, outcome);
}

bool take_in_progress(SessionStatus& status, const reconciler::PassProgress& pass, bool is_news,
                      ports::TimePoint now) {
  if (!is_worth_showing(status, pass, is_news, now)) {
    return false;
  }
  const auto before = status.counts;
  if (pass.found) {
    take_in_plan(status, *pass.found);
  }
  const auto conditions = reconciler::conditions_of(pass);
  const bool same =
      std::ranges::equal(status.conditions, conditions,
                         [](const TimedCondition& old, const reconciler::Condition& fresh) {
                           return old.what == fresh;
                         });
  set_conditions(status, conditions, now);
  return !same || status.counts != before;
}

std::optional<ports::TimePoint> last_answered_add(const pass::PassOutcome& outcome) {
  std::optional<ports::TimePoint> last;
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    const auto& action = outcome.plan.actions[i];
    const bool mounts = plan::is_add(action) || std::holds_alternative<plan::Replace>(action);
    const auto& result = outcome.results[i];
    if (mounts && result.outcome == Outcome::kDone && result.ended_at != ports::TimePoint{}) {
      last = std::max(last.value_or(result.ended_at), result.ended_at);
    }
  }
  return last;
}

void keep_newest(std::deque<ports::Duration>& latencies, ports::Duration latest) {
  latencies.push_back(latest);
  if (latencies.size() > SessionStatus::kLatencies) {
    latencies.pop_front();
  }
}

}  // namespace sessync::status
