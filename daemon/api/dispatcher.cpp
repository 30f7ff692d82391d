#include "daemon/api/dispatcher.h"

#include <algorithm>
#include <utility>

namespace sessync {
namespace {

/// An eighth of the connections is kept for short calls; with one connection they take turns.
int most_transfers(int parallel) { return std::max(1, parallel - std::max(1, parallel / 8)); }

Lane lane_at(std::size_t index) { return static_cast<Lane>(index % kLanes); }

}  // namespace

RateClass class_of(Lane lane) {
  switch (lane) {
    case Lane::kWrites:
    case Lane::kReservedWrites:
      return RateClass::kWrites;
    case Lane::kReads:
      return RateClass::kReads;
    default:
      return RateClass::kFiles;
  }
}

Dispatcher::Dispatcher(int parallel, const MaxRates& ceilings)
    : parallel_(std::max(1, parallel)),
      most_transfers_(most_transfers(parallel_)),
      budgets_{RateBudget(ceilings.writes), RateBudget(ceilings.reads),
               RateBudget(ceilings.files)} {}

RateBudget& Dispatcher::budget(RateClass which) {
  return budgets_.at(static_cast<std::size_t>(which));
}

void Dispatcher::enqueue(Ticket ticket) { at(ticket.lane).tickets.push_back(std::move(ticket)); }

void Dispatcher::enqueue_first(Ticket ticket) {
  at(ticket.lane).tickets.push_front(std::move(ticket));
}

bool Dispatcher::has_connection(Lane lane) const {
  if (running_ >= parallel_) return false;
  const bool transfer = lane == Lane::kUploads || lane == Lane::kDownloads;
  const int transfers = at(Lane::kUploads).running + at(Lane::kDownloads).running;
  return !transfer || transfers < most_transfers_;
}

bool Dispatcher::take_permits(const Ticket& ticket, TimePoint now) {
  const auto which = class_of(ticket.lane);
  auto& throttle = throttles_.at(static_cast<std::size_t>(which));
  if (!budget(which).take(now, ticket.permits)) {
    throttle.since = throttle.since.value_or(now);
    return false;
  }
  if (throttle.since) {
    throttle.total += now - *std::exchange(throttle.since, std::nullopt);
  }
  return true;
}

Duration Dispatcher::take_throttled(RateClass which) {
  return std::exchange(throttles_.at(static_cast<std::size_t>(which)).total, Duration{0});
}

bool Dispatcher::run_next_of(Lane lane, TimePoint now) {
  Waiting& waiting = at(lane);
  if (waiting.tickets.empty()) return false;
  const Ticket& first = waiting.tickets.front();
  if (first.connection && !has_connection(lane)) return false;
  if (!take_permits(first, now)) return false;
  const Ticket ticket = std::move(waiting.tickets.front());
  waiting.tickets.pop_front();
  if (ticket.connection) {
    ++waiting.running;
    ++running_;
  }
  ticket.go(true);
  return true;
}

void Dispatcher::run(TimePoint now) {
  std::size_t idle = 0;
  while (idle < kLanes) {
    idle = run_next_of(lane_at(turn_), now) ? 0 : idle + 1;
    turn_ = (turn_ + 1) % kLanes;
  }
}

void Dispatcher::finished(Lane lane) {
  --at(lane).running;
  --running_;
}

void Dispatcher::drop(Lane lane) {
  for (const Ticket& ticket : std::exchange(at(lane).tickets, {})) ticket.go(false);
}

std::optional<TimePoint> Dispatcher::wake_at(TimePoint now) const {
  std::optional<TimePoint> earliest;
  for (std::size_t i = 0; i < kLanes; ++i) {
    const Lane lane = lane_at(i);
    if (at(lane).tickets.empty()) continue;
    const Ticket& first = at(lane).tickets.front();
    // Without a connection the end of another call wakes us.
    if (first.connection && !has_connection(lane)) continue;
    const auto& gate = budgets_.at(static_cast<std::size_t>(class_of(lane)));
    const TimePoint ready = gate.ready_at(now, first.permits);
    if (!earliest || ready < *earliest) earliest = ready;
  }
  return earliest;
}

}  // namespace sessync
