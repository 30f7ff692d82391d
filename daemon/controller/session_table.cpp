#include "daemon/controller/session_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sessync {
namespace {

/// A file that could not be read as it was at one instant may be readable soon, and no event need
/// say so.
bool has_unstable(const PassOutcome& outcome) {
  return std::ranges::any_of(outcome.plan.blocked, [](const Blocked& blocked) {
    return blocked.code == BlockCode::kUnstable;
  });
}

}  // namespace

bool SessionTable::selected(const std::string& name) const {
  return pace_.only.empty() || std::ranges::find(pace_.only, name) != pace_.only.end();
}

void SessionTable::put_in_force(const Manifest& manifest, TimePoint now) {
  owner_ = manifest.owner;
  auto before = std::exchange(sessions_, {});
  for (auto& spec : manifest.sessions()) {
    if (selected(spec.name)) {
      const auto name = spec.name;
      const auto old = before.extract(name);
      auto allowed = old.empty() ? std::string() : old.mapped().allow_deletes;
      sessions_[name] = {std::move(spec), Backoff(), std::move(allowed), {}};
      queue_.add(name, now);
    }
  }
  for (const auto& [name, gone] : before) {
    queue_.remove(name);
  }
}

void SessionTable::touch(const std::vector<std::string>& names, TimePoint now) {
  for (const auto& name : names) {
    if (const auto entry = sessions_.find(name); entry != sessions_.end()) {
      entry->second.backoff.reset();
      queue_.add(name, now);
    }
  }
}

void SessionTable::touch_all(TimePoint now) {
  for (const auto& [name, entry] : sessions_) {
    queue_.add(name, now);
  }
}

void SessionTable::allow_deletes(const std::string& name, const std::string& held, TimePoint now) {
  touch({name}, now);
  if (const auto entry = sessions_.find(name); entry != sessions_.end() && !held.empty()) {
    entry->second.allow_deletes = held;
  }
}

void SessionTable::set_suspended(std::set<std::string> names, TimePoint now) {
  std::vector<std::string> changed;
  std::ranges::set_symmetric_difference(names, suspended_, std::back_inserter(changed));
  suspended_ = std::move(names);
  touch(changed, now);
}

std::optional<DuePass> SessionTable::start(TimePoint now) {
  while (const auto name = queue_.pop(now)) {
    if (const auto entry = sessions_.find(*name); entry != sessions_.end()) {
      entry->second.allowed_now = entry->second.allow_deletes;
      DuePass due{entry->second.spec, entry->second.allow_deletes};
      due.spec.suspend |= suspended_.contains(*name);
      return due;
    }
    queue_.done(*name);
  }
  return std::nullopt;
}

void SessionTable::finish(const std::string& name, const PassOutcome& outcome, TimePoint now,
                          double random) {
  if (const auto entry = sessions_.find(name); entry != sessions_.end()) {
    end_permission(entry->second, outcome);
    const auto delay = next_delay(entry->second, outcome, random);
    if (entry->second.backoff.failures() > 0) {
      queue_.retry(name, now + delay);
    } else {
      queue_.add(name, now + delay);
    }
  }
  queue_.done(name);
}

/// It holds for one pass that came as far as to use it.
void SessionTable::end_permission(Entry& entry, const PassOutcome& outcome) {
  const bool used = outcome.executed || (!outcome.error && !outcome.look_again);
  if (used && entry.allow_deletes == entry.allowed_now) {
    entry.allow_deletes.clear();
  }
}

Duration SessionTable::next_delay(Entry& entry, const PassOutcome& outcome, double random) const {
  constexpr double kJitter = 0.05;
  const auto interval = std::chrono::duration_cast<Duration>(entry.spec.interval *
                                                             (1 - kJitter + 2 * kJitter * random));
  const auto calm = std::min({interval, pace_.rescan, outcome.due_in.value_or(Duration::max())});
  if (outcome.settled() && has_unstable(outcome)) {
    return std::min(entry.backoff.fail(random), calm);
  }
  if (outcome.settled() || outcome.terminal) {
    entry.backoff.reset();
    return calm;
  }
  if (outcome.look_again && !outcome.error) {
    return Duration{0};
  }
  if (outcome.suspended && !outcome.error) {
    return calm;
  }
  if (outcome.progressed) {
    entry.backoff.reset();
  }
  return std::min(entry.backoff.fail(random), std::max(calm, kMaxRetryDelay));
}

}  // namespace sessync
