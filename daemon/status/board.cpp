#include "daemon/status/board.h"

#include <algorithm>
#include <utility>

#include "daemon/os/foreign_text.h"
#include "daemon/status/session_update.h"
#include "daemon/status/verdict.h"
#include "manifest/load.h"
#include "reconciler/reconcile.h"

namespace sessync::status {
namespace {

bool is_selected(const std::vector<std::string>& only, const std::string& name) {
  return only.empty() || std::ranges::find(only, name) != only.end();
}

std::vector<std::string> errors_of(const manifest::Manifest& manifest) {
  std::vector<std::string> errors;
  for (const auto& problem : manifest.problems()) {
    if (problem.severity == manifest::Problem::Severity::kError) {
      errors.push_back(os::without_secrets(manifest::format_problem(problem)));
    }
  }
  return errors;
}

/// Session → why its newest version is not in force.
std::map<std::string, std::string> stale_sessions(const manifest::Manifest& manifest) {
  std::map<std::string, std::string> stale;
  for (const auto& file : manifest.files) {
    for (const auto& [name, older] : file.older) {
      stale[name] = os::without_secrets(manifest::format_problem(older.why)) +
                    (older.outputs_only ? "; all else of this session is in force"
                                        : "; the last good version stays in force");
    }
  }
  return stale;
}

}  // namespace

StatusBoard::StatusBoard(Origin origin) : origin_(std::move(origin)) {
  manifest_.path = origin_.manifest;
}

void StatusBoard::manifest_read(const manifest::Manifest& manifest,
                                const std::vector<std::string>& only, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  manifest_.errors = errors_of(manifest);
  manifest_.valid = manifest.valid();
  manifest_.in_force = manifest.valid() || !manifest.sessions().empty();
  ++manifest_.generation;
  if (manifest_.valid) {
    manifest_.last_success_at = now;
  }
  stale_ = stale_sessions(manifest);
  auto before = std::exchange(sessions_, {});
  ++revision_;
  for (const auto& spec : manifest.sessions()) {
    if (is_selected(only, spec.name)) {
      sessions_.insert(before.extract(spec.name));
      left_.erase(spec.name);
      take_in(spec, now);
    }
  }
  for (const auto& [name, gone] : before) {
    left_[name] = {revision_, now};
  }
  forget_left(now);
  news_.notify_all();
}

void StatusBoard::forget_left(ports::TimePoint now) {
  std::erase_if(left_, [&](const auto& entry) {
    const bool old = now - entry.second.at > kLeftKept;
    if (old) {
      left_since_ = std::max(left_since_, entry.second.revision);
    }
    return old;
  });
}

void StatusBoard::take_in(const manifest::SessionSpec& spec, ports::TimePoint now) {
  auto& entry = sessions_[spec.name];
  SessionStatus status = entry.shown ? *entry.shown : SessionStatus{};
  status.name = spec.name;
  if (spec.session_id) {
    status.session_id = *spec.session_id;
  }
  status.generation = manifest_.generation;
  status.suspended_by_manifest = spec.suspend;
  status.counts.max_files = spec.max_files;
  const auto suspension = suspensions_.find(spec.name);
  status.suspended =
      suspension == suspensions_.end() ? std::nullopt : std::optional(suspension->second);
  if (status.conditions.empty()) {
    set_conditions(status, conditions_before_a_pass(), now);
  }
  put(entry, std::move(status), now);
}

std::optional<Standstill> StatusBoard::standstill_of(const std::string& name) const {
  if (const auto stale = stale_.find(name); stale != stale_.end()) {
    return Standstill{"ManifestInvalid", stale->second};
  }
  return state_.problem.empty() ? std::nullopt
                                : std::optional(Standstill{"StateUnavailable", state_.problem});
}

void StatusBoard::state_is(State state, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
  ++revision_;
  for (auto& [name, entry] : sessions_) {
    put(entry, *entry.shown, now);
  }
  news_.notify_all();
}

void StatusBoard::put(Entry& entry, SessionStatus status, ports::TimePoint now) {
  show_standstill(status, standstill_of(status.name), now);
  status.revision = ++revision_;
  status.written = revision_;
  entry.shown = std::make_shared<const SessionStatus>(std::move(status));
}

void StatusBoard::set_suspensions(std::map<std::string, state::Suspension> suspensions,
                                  ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  suspensions_ = std::move(suspensions);
  for (auto& [name, entry] : sessions_) {
    const auto found = suspensions_.find(name);
    const auto suspension =
        found == suspensions_.end() ? std::nullopt : std::optional(found->second);
    if (entry.shown->suspended != suspension) {
      SessionStatus status = *entry.shown;
      status.suspended = suspension;
      put(entry, std::move(status), now);
    }
  }
  news_.notify_all();
}

void StatusBoard::note(const std::string& kind, std::string what) {
  const std::lock_guard lock(mutex_);
  auto& noted = notes_[kind];
  if (noted != what) {
    noted = std::move(what);
    ++revision_;
    news_.notify_all();
  }
}

void StatusBoard::problem(const std::string& kind, std::string what) {
  {
    const std::lock_guard lock(mutex_);
    problems_[kind] = what;
  }
  note(kind, std::move(what));
}

void StatusBoard::changed(const std::vector<std::string>& names, ports::TimePoint at) {
  const std::lock_guard lock(mutex_);
  for (const auto& name : names) {
    if (const auto entry = sessions_.find(name); entry != sessions_.end()) {
      auto& changed = entry->second.changed_at;
      changed = std::min(changed.value_or(at), at);
    }
  }
}

void StatusBoard::pass_started(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto entry = sessions_.find(name);
  if (entry == sessions_.end()) {
    return;
  }
  // A change that comes from now on may not be in what this pass reads.
  auto& waiting = entry->second.working_for;
  const auto& changed = entry->second.changed_at;
  if (changed) {
    waiting = std::min(waiting.value_or(*changed), *changed);
    entry->second.changed_at.reset();
  }
  SessionStatus status = *entry->second.shown;
  status.working = true;
  status.revision = ++revision_;
  entry->second.shown = std::make_shared<const SessionStatus>(std::move(status));
  news_.notify_all();
}

void StatusBoard::pass_goes_on(const reconciler::PassProgress& pass, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(pass.name);
  if (found == sessions_.end() || !found->second.shown->working) {
    return;
  }
  auto& entry = found->second;
  SessionStatus status = *entry.shown;
  const bool is_news = entry.working_for || status.generation != status.observed_generation;
  if (take_in_progress(status, pass, is_news, now)) {
    put(entry, std::move(status), now);
    news_.notify_all();
  }
}

void StatusBoard::show_waiting(ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, entry] : sessions_) {
    const auto& shown = *entry.shown;
    const bool waits = entry.changed_at && now - *entry.changed_at >= kShownAfter && !shown.working;
    if (waits && shown.conditions.front().what.status) {
      SessionStatus status = shown;
      set_conditions(status, conditions_of_waiting(), now);
      put(entry, std::move(status), now);
      news_.notify_all();
    }
  }
}

std::optional<ports::Duration> StatusBoard::pass_finished(const FinishedPass& pass) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(pass.name);
  if (found == sessions_.end()) {
    return std::nullopt;
  }
  auto& entry = found->second;
  entry.tried = true;
  SessionStatus status = *entry.shown;
  status.working = false;
  status.observed_generation = pass.generation;
  status.next_pass_at = pass.next;
  take_in_pass(status, *pass.outcome, pass.at);
  const auto waited = latency(entry, *pass.outcome);
  if (waited) {
    keep_newest(status.latencies, *waited);
  }
  put(entry, std::move(status), pass.at);
  news_.notify_all();
  return waited;
}

/// A change may take several passes: it is made good by the last add before the session settled.
std::optional<ports::Duration> StatusBoard::latency(Entry& entry,
                                                    const pass::PassOutcome& outcome) {
  if (!entry.working_for) {
    return std::nullopt;
  }
  if (const auto answered = last_answered_add(outcome)) {
    entry.answered_at = answered;
  }
  if (!outcome.settled()) {
    return std::nullopt;
  }
  const auto since = *std::exchange(entry.working_for, std::nullopt);
  const auto answered = std::exchange(entry.answered_at, std::nullopt);
  return answered && *answered >= since ? std::optional(*answered - since) : std::nullopt;
}

StatusSnapshot StatusBoard::snapshot(std::uint64_t since) const {
  const std::lock_guard lock(mutex_);
  StatusSnapshot result;
  result.version = origin_.version;
  result.started_at = origin_.started_at;
  result.manifest = manifest_;
  result.workspace = origin_.workspace;
  result.workspace_resolved = workspace_resolved_;
  for (const auto& [kind, what] : notes_) {
    if (!what.empty()) result.notes.push_back(what);
  }
  if (!state_.problem.empty()) {
    result.notes.push_back(state_.problem);
  }
  for (const auto& [name, entry] : sessions_) {
    if (entry.shown->revision > since) result.sessions.push_back(entry.shown);
  }
  for (const auto& [name, left] : left_) {
    if (left.revision > since) result.left.push_back(name);
  }
  result.left_since = left_since_;
  result.revision = revision_;
  return result;
}

std::shared_ptr<const SessionStatus> StatusBoard::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(name);
  return found == sessions_.end() ? nullptr : found->second.shown;
}

Readiness StatusBoard::readiness() const {
  const std::lock_guard lock(mutex_);
  Readiness result;
  result.ready = manifest_.in_force && watching_;
  result.problems = manifest_.errors;
  if (manifest_.generation == 0) {
    result.problems.emplace_back("the manifest was not read yet");
  }
  if (!state_.problem.empty()) {
    result.ready = result.ready && state_.is_open;
    result.problems.push_back("StateUnavailable: " + state_.problem);
  }
  if (!watching_) {
    result.problems.emplace_back("the workspace is not watched yet");
  }
  for (const auto& [kind, what] : problems_) {
    if (!what.empty()) result.problems.push_back(what);
  }
  for (const auto& [name, entry] : sessions_) {
    if (!entry.tried) {
      result.ready = false;
      result.problems.push_back(name + ": no reconcile has completed yet");
    } else if (!is_as_declared(*entry.shown)) {
      result.problems.push_back(name + ": " + headline_of(*entry.shown));
    }
  }
  return result;
}

std::uint64_t StatusBoard::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

bool StatusBoard::wait(std::uint64_t since, std::chrono::milliseconds longest) const {
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, longest, [&] { return closed_ || revision_ > since; });
  return !closed_;
}

void StatusBoard::watching(const std::string& workspace_resolved) {
  const std::lock_guard lock(mutex_);
  watching_ = true;
  if (std::exchange(workspace_resolved_, workspace_resolved) != workspace_resolved) {
    ++revision_;
    news_.notify_all();
  }
}

void StatusBoard::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  news_.notify_all();
}

}  // namespace sessync::status
