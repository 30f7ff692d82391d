#include "reconciler/schedule/rate_budget.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "reconciler/limits.h"

namespace sessync::schedule {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Doubles lose a little on each refill; without this a permit could come one millisecond late.
constexpr double kOnePermit = 1 - 1e-6;

double as_seconds(ports::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// A second's worth, within bounds: limits per minute may be enforced per second.
double burst_of(double rate) { return std::clamp(rate, 1.0, reconciler::kMostBurst); }

std::int64_t second_of(ports::TimePoint now) {
  return std::chrono::floor<seconds>(now).time_since_epoch().count();
}

}  // namespace

const char* to_string(RateClass which) {
  switch (which) {
    case RateClass::kWrites:
      return "writes";
    case RateClass::kReads:
      return "reads";
    case RateClass::kFiles:
      return "files";
  }
  return "files";
}

std::optional<ports::Duration> plausible_wait(std::optional<ports::Duration> said) {
  const bool is_plausible =
      said && *said > ports::Duration::zero() && *said <= reconciler::kLongestPlausibleWait;
  return is_plausible ? said : std::nullopt;
}

void RecentCalls::add(ports::TimePoint now) {
  const std::int64_t at = second_of(now);
  Second& slot = seconds_.at(static_cast<std::size_t>(at) % kSeconds);
  if (slot.at != at) slot = {at, 0};
  ++slot.calls;
}

std::uint64_t RecentCalls::count(ports::TimePoint now) const {
  std::uint64_t sum = 0;
  for (const Second& slot : seconds_) {
    if (slot.at > second_of(now) - static_cast<std::int64_t>(kSeconds)) sum += slot.calls;
  }
  return sum;
}

ports::Duration RecentCalls::span(ports::TimePoint now) const {
  std::int64_t oldest = second_of(now);
  for (const Second& slot : seconds_) {
    const bool counted = slot.at > second_of(now) - static_cast<std::int64_t>(kSeconds);
    if (counted && slot.calls > 0) oldest = std::min(oldest, slot.at);
  }
  return now - ports::TimePoint(seconds(oldest));
}

RateBudget::RateBudget(std::optional<double> calls_per_second) : ceiling_(calls_per_second) {
  if (ceiling_) tokens_ = burst_of(*ceiling_);
}

std::optional<double> RateBudget::rate() const {
  if (!learned_) return ceiling_;
  return ceiling_ ? std::min(*learned_, *ceiling_) : *learned_;
}

double RateBudget::tokens_at(ports::TimePoint now) const {
  const double limit = *rate();
  const double gained = now > refilled_at_ ? as_seconds(now - refilled_at_) * limit : 0;
  return std::min(tokens_ + gained, burst_of(limit));
}

bool RateBudget::take(ports::TimePoint now, int permits, Freeze freeze) {
  if (freeze == Freeze::kObeyed && frozen(now)) return false;
  if (permits == 0 || !rate()) return true;
  const double tokens = tokens_at(now);
  if (tokens < kOnePermit) return false;
  tokens_ = tokens - permits;
  refilled_at_ = now;
  return true;
}

ports::TimePoint RateBudget::ready_at(ports::TimePoint now, int permits, Freeze freeze) const {
  const ports::TimePoint thawed = freeze == Freeze::kIgnored ? now : std::max(now, frozen_until_);
  if (permits == 0 || !rate()) return thawed;
  const double missing = kOnePermit - tokens_at(thawed);
  if (missing <= 0) return thawed;
  const double wait = std::ceil(missing / *rate() * 1000);
  return thawed + milliseconds(static_cast<std::int64_t>(wait));
}

void RateBudget::accepted(ports::TimePoint now) {
  recent_.add(now);
  if (frozen(now)) return;  // sent before the refusal: says nothing about the time after it
  refusals_in_a_row_ = 0;
  if (!learned_) return;
  // Unused permits prove nothing about the limit, so only a rate that is used grows: by one step
  // per second, or per call when calls are slower than that.
  if (tokens_at(now) < burst_of(*rate()) / 2)
    *learned_ += reconciler::kRateStep / std::max(1.0, *learned_);
}

ports::Duration RateBudget::freeze_for(const RateRefusal& refusal) const {
  const int doublings = std::min(refusals_in_a_row_, reconciler::kMostFreezeDoublings);
  const ports::Duration blind = std::min<ports::Duration>(
      reconciler::kFirstBlindFreeze * (1 << doublings), reconciler::kRateWindow);
  const ports::Duration freeze = plausible_wait(refusal.retry_after).value_or(blind);
  return refusal.spend_limit ? std::max(freeze, reconciler::kSpendLimitFreeze) : freeze;
}

void RateBudget::cut(ports::TimePoint now, ports::Duration freeze) {
  if (learned_) {
    // Halving what is really used: a learned rate above the ceiling was never tried.
    learned_ = std::max(*rate() / 2, reconciler::kSlowestRate);
  } else {
    // The wait belongs to the window: a burst of a minute's worth is refused until the minute ends.
    const ports::Duration window =
        std::clamp(recent_.span(now) + freeze, ports::Duration(seconds(1)),
                   ports::Duration(reconciler::kRateWindow));
    const auto calls = static_cast<double>(std::max<std::uint64_t>(recent_.count(now), 1));
    learned_ = std::max(calls / as_seconds(window), reconciler::kSlowestFirstRate);
  }
  last_cut_ = now;
}

void RateBudget::refused(ports::TimePoint sent_at, ports::TimePoint now,
                         const RateRefusal& refusal) {
  const ports::Duration freeze = freeze_for(refusal);
  if (!last_cut_ || sent_at > *last_cut_) {
    // Money that has run out says nothing about the rate.
    if (!refusal.spend_limit) cut(now, freeze);
    last_cut_ = now;
    ++refusals_in_a_row_;
  }
  frozen_until_ = std::max(frozen_until_, now + freeze);
  tokens_ = 1;
  refilled_at_ = frozen_until_;
}

}  // namespace sessync::schedule
