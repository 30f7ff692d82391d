#include "daemon/api/send/shared_budget.h"

#include <algorithm>
#include <utility>

namespace sessync::api {

bool SharedBudget::take_permits(ports::TimePoint now, int permits, schedule::Freeze freeze) {
  latest_ = std::max(latest_, now);
  return budget_.take(latest_, permits, freeze);
}

bool SharedBudget::take(ports::TimePoint now, int permits, schedule::Freeze freeze) {
  const std::lock_guard lock(mutex_);
  if (!take_permits(now, permits, freeze)) {
    throttled_since_ = throttled_since_.value_or(now);
    return false;
  }
  if (throttled_since_) throttled_ += now - *std::exchange(throttled_since_, std::nullopt);
  return true;
}

bool SharedBudget::take_if_nobody_waits(ports::TimePoint now, int permits) {
  const std::lock_guard lock(mutex_);
  return waiting_ == 0 && arriving_ == 0 && take_permits(now, permits, schedule::Freeze::kObeyed);
}

ports::TimePoint SharedBudget::ready_at(ports::TimePoint now, int permits,
                                        schedule::Freeze freeze) const {
  const std::lock_guard lock(mutex_);
  return budget_.ready_at(now, permits, freeze);
}

void SharedBudget::accepted(ports::TimePoint now) {
  const std::lock_guard lock(mutex_);
  budget_.accepted(now);
}

void SharedBudget::refused(ports::TimePoint sent_at, ports::TimePoint now,
                           const schedule::RateRefusal& refusal) {
  const std::lock_guard lock(mutex_);
  budget_.refused(sent_at, now, refusal);
}

ports::TimePoint SharedBudget::frozen_until() const {
  const std::lock_guard lock(mutex_);
  return budget_.frozen_until();
}

ports::Duration SharedBudget::take_throttled() {
  const std::lock_guard lock(mutex_);
  return std::exchange(throttled_, ports::Duration{0});
}

void SharedBudget::set_waiting(std::size_t tickets) {
  const std::lock_guard lock(mutex_);
  waiting_ = tickets;
  // Whoever was held up has given up; the time until somebody else comes holds up nobody.
  if (tickets == 0) throttled_since_.reset();
}

void SharedBudget::count_arriving(int more) {
  const std::lock_guard lock(mutex_);
  arriving_ += more;
}

}  // namespace sessync::api
