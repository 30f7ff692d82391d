#include "daemon/controller/session_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "manifest/text/alike.h"
#include "reconciler/limits.h"

namespace sessync::controller {
namespace {

/// Of the interval, either way: sessions that were declared together are not all due together.
constexpr double kJitter = 0.05;
/// Somebody may give back what the machine has too little of at any moment, and no event says so.
constexpr ports::Duration kLongestShortage = std::chrono::seconds(5);

/// A file that could not be read as it was at one instant may be readable soon, and no event need
/// say so.
bool has_unstable(const pass::PassOutcome& outcome) {
  return std::ranges::any_of(outcome.plan.blocked, [](const desired::Blocked& blocked) {
    return blocked.code == desired::BlockCode::kUnstable;
  });
}

}  // namespace

bool SessionTable::selected(const std::string& name) const {
  return pace_.only.empty() || std::ranges::find(pace_.only, name) != pace_.only.end();
}

void SessionTable::activate(const manifest::Manifest& manifest, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  owner_ = manifest.owner;
  ++generation_;
  auto before = std::exchange(sessions_, {});
  for (auto& spec : manifest.sessions()) {
    if (!selected(spec.name)) {
      continue;
    }
    const auto name = spec.name;
    auto old = before.extract(name);
    auto& entry = sessions_[name];
    if (!old.empty()) {
      entry = std::move(old.mapped());
      entry.backoff.reset();
    }
    entry.spec = std::move(spec);
    entry.revision = ++last_revision_;
    wake(name, now);
  }
  for (const auto& [name, gone] : before) {
    queue_.remove(name);
  }
}

/// Locked. Its next pass has another reason than the interval.
void SessionTable::wake(const std::string& name, ports::TimePoint now) {
  if (const auto entry = sessions_.find(name); entry != sessions_.end()) {
    entry->second.woken = true;
    queue_.add(name, now);
  }
}

void SessionTable::touch(const std::vector<std::string>& names, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const auto& name : names) {
    if (const auto entry = sessions_.find(name); entry != sessions_.end()) {
      entry->second.backoff.reset();
      wake(name, now);
    }
  }
}

void SessionTable::touch_all(ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : sessions_) {
    wake(name, now);
  }
}

void SessionTable::demand(const std::string& name, const std::string& allow_deletes,
                          ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto entry = sessions_.find(name);
  if (entry == sessions_.end()) {
    return;
  }
  entry->second.backoff.reset();
  entry->second.demanded = true;
  if (!allow_deletes.empty()) {
    entry->second.allow_deletes = allow_deletes;
  }
  wake(name, now);
}

void SessionTable::set_suspended(std::set<std::string> names, ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> changed;
  std::ranges::set_symmetric_difference(names, suspended_, std::back_inserter(changed));
  suspended_ = std::move(names);
  for (const auto& name : changed) {
    if (const auto entry = sessions_.find(name); entry != sessions_.end()) {
      entry->second.backoff.reset();
      entry->second.revision = ++last_revision_;
      wake(name, now);
    }
  }
}

std::optional<DuePass> SessionTable::start(ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  while (const auto name = queue_.pop(now)) {
    const auto found = sessions_.find(*name);
    if (found != sessions_.end() && !waits_for_another_name(*name, found->second.spec)) {
      return hand_out(*name, found->second, now);
    }
    queue_.done(*name);
  }
  return std::nullopt;
}

DuePass SessionTable::hand_out(const std::string& name, Entry& entry, ports::TimePoint now) {
  entry.allowed_now = entry.allow_deletes;
  DuePass due{entry.spec, owner_, entry.allow_deletes, generation_, entry.revision};
  due.refresh = must_refresh(entry, now);
  due.demanded = std::exchange(entry.demanded, false);
  due.spec.suspend |= suspended_.contains(name);
  return due;
}

/// Two passes over one session would not know what the other has begun. One whose manifest is no
/// longer in force begins nothing more, so it is not waited for for long.
bool SessionTable::waits_for_another_name(const std::string& name,
                                          const manifest::SessionSpec& spec) {
  if (!spec.session_id) {
    return false;
  }
  const auto id = manifest::comparable_session_id(*spec.session_id);
  const auto before = working_.try_emplace(id, name).first->second;
  if (before != name) {
    waiting_[id] = name;
  }
  return before != name;
}

/// Changes can come so often that no pass of the interval ever does.
bool SessionTable::must_refresh(Entry& entry, ports::TimePoint now) {
  const bool of_interval = !std::exchange(entry.woken, false);
  const bool overdue = now - entry.looked_at > (1 + kJitter) * entry.spec.interval;
  if (!of_interval && !overdue && !entry.demanded) {
    return false;
  }
  entry.looked_at = now;
  return true;
}

bool SessionTable::is_in_force(const std::string& name, std::uint64_t revision) const {
  const std::lock_guard lock(mutex_);
  const auto entry = sessions_.find(name);
  return entry != sessions_.end() && entry->second.revision == revision;
}

void SessionTable::finish(const std::string& name, const pass::PassOutcome& outcome,
                          ports::TimePoint now, double random) {
  record(name, outcome, now, random);
  release(name);
}

void SessionTable::release(const std::string& name) {
  const std::lock_guard lock(mutex_);
  queue_.done(name);
  const auto held = std::ranges::find(working_, name, [](const auto& one) { return one.second; });
  if (held == working_.end()) {
    return;
  }
  if (const auto next = waiting_.extract(held->first); !next.empty()) {
    queue_.add(next.mapped(), ports::TimePoint{});  // it was due
  }
  working_.erase(held);
}

void SessionTable::record(const std::string& name, const pass::PassOutcome& outcome,
                          ports::TimePoint now, double random) {
  const std::lock_guard lock(mutex_);
  if (const auto found = sessions_.find(name); found != sessions_.end()) {
    auto& entry = found->second;
    end_permission(entry, outcome);
    const auto delay = next_delay(entry, outcome, random);
    if (outcome.error) {
      entry.looked_at = {};  // it may not have come as far as that
    }
    entry.woken |= delay < (1 - kJitter) * entry.spec.interval;
    if (entry.backoff.failures() > 0) {
      queue_.retry(name, now + delay);
    } else {
      queue_.add(name, now + delay);
    }
  }
}

std::optional<ports::TimePoint> SessionTable::next_due_after(ports::TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return queue_.next_due_after(now);
}

std::optional<ports::TimePoint> SessionTable::due_of(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return queue_.due_of(name);
}

std::string SessionTable::owner() const {
  const std::lock_guard lock(mutex_);
  return owner_;
}

schedule::QueueFigures SessionTable::figures(ports::TimePoint now) const {
  const std::lock_guard lock(mutex_);
  return queue_.figures(now);
}

/// It holds for one pass that came as far as to use it.
void SessionTable::end_permission(Entry& entry, const pass::PassOutcome& outcome) {
  const bool used = outcome.executed || (!outcome.error && !outcome.pass_again);
  if (used && entry.allow_deletes == entry.allowed_now) {
    entry.allow_deletes.clear();
  }
}

ports::Duration SessionTable::next_delay(Entry& entry, const pass::PassOutcome& outcome,
                                         double random) const {
  const auto interval = std::chrono::duration_cast<ports::Duration>(
      entry.spec.interval * (1 - kJitter + 2 * kJitter * random));
  const auto calm =
      std::min({interval, pace_.rescan, outcome.next_check_in.value_or(ports::Duration::max())});
  if (outcome.settled() && has_unstable(outcome)) {
    return std::min(entry.backoff.fail(random), calm);
  }
  if (outcome.settled() || outcome.terminal) {
    entry.backoff.reset();
    return calm;
  }
  if (outcome.pass_again && !outcome.error) {
    return ports::Duration{0};
  }
  if (outcome.suspended && !outcome.error) {
    return calm;
  }
  if (outcome.error && outcome.error->code == errors::SessionError::Code::kOutOfResources) {
    return std::min(entry.backoff.fail(random), kLongestShortage);
  }
  if (outcome.progressed) {
    entry.backoff.reset();
  }
  return std::min(entry.backoff.fail(random), std::max(calm, reconciler::kMaxRetryDelay));
}

}  // namespace sessync::controller
