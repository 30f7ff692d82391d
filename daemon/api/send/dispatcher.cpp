#include "daemon/api/send/dispatcher.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace sessync::api {
namespace {

/// An eighth of the connections is kept for short calls; with one connection they take turns.
int most_transfers(int parallel) { return std::max(1, parallel - std::max(1, parallel / 8)); }

Lane lane_at(std::size_t index) { return static_cast<Lane>(index % kLanes); }

/// What is asked for leaves the line, in its order.
std::vector<Ticket> take_out(std::deque<Ticket>& line,
                             const std::function<bool(const Ticket&)>& wanted) {
  std::vector<Ticket> taken;
  for (Ticket& ticket : std::exchange(line, {})) {
    if (wanted(ticket)) {
      taken.push_back(std::move(ticket));
    } else {
      line.push_back(std::move(ticket));
    }
  }
  return taken;
}

}  // namespace

schedule::RateClass class_of(Lane lane) {
  switch (lane) {
    case Lane::kWrites:
    case Lane::kReservedWrites:
      return schedule::RateClass::kWrites;
    case Lane::kReads:
      return schedule::RateClass::kReads;
    default:
      return schedule::RateClass::kFiles;
  }
}

bool Ticket::is_withheld() const {
  const bool writes = lane == Lane::kWrites || lane == Lane::kReservedWrites;
  return (writes || lane == Lane::kUploads) && !completes && origin && origin->stopping();
}

bool Ticket::is_hurried() const {
  return origin && (origin->hurried || (completes && origin->ending()));
}

Dispatcher::Dispatcher(int parallel, const MaxRates& ceilings)
    : parallel_(std::max(1, parallel)),
      most_transfers_(most_transfers(parallel_)),
      budgets_{SharedBudget(ceilings.writes), SharedBudget(ceilings.reads),
               SharedBudget(ceilings.files)} {}

/// Whoever takes permits without a ticket overtakes none.
void Dispatcher::tell_who_waits() {
  std::array<std::size_t, schedule::kRateClasses> tickets{};
  const auto of = [&tickets](Lane lane) -> std::size_t& {
    return tickets.at(static_cast<std::size_t>(class_of(lane)));
  };
  for (std::size_t i = 0; i < kLanes; ++i) of(lane_at(i)) += lanes_.at(i).tickets.size();
  for (const Ticket& ticket : hurried_) ++of(ticket.lane);
  for (std::size_t i = 0; i < schedule::kRateClasses; ++i)
    budgets_.at(i).set_waiting(tickets.at(i));
}

void Dispatcher::enqueue(Ticket ticket) {
  auto& line = ticket.is_hurried() ? hurried_ : at(ticket.lane).tickets;
  line.push_back(std::move(ticket));
  tell_who_waits();
}

void Dispatcher::enqueue_first(Ticket ticket) {
  auto& line = ticket.is_hurried() ? hurried_ : at(ticket.lane).tickets;
  line.push_front(std::move(ticket));
  tell_who_waits();
}

bool Dispatcher::has_connection(Lane lane) const {
  if (running_ >= parallel_) return false;
  const bool transfer = lane == Lane::kUploads || lane == Lane::kDownloads;
  const int transfers = at(Lane::kUploads).running + at(Lane::kDownloads).running;
  return !transfer || transfers < most_transfers_;
}

bool Dispatcher::take_permits(const Ticket& ticket, ports::TimePoint now, schedule::Freeze freeze) {
  return budget(class_of(ticket.lane)).take(now, ticket.permits, freeze);
}

void Dispatcher::admit(const Ticket& ticket) {
  if (ticket.connection) {
    ++at(ticket.lane).running;
    ++running_;
  }
  ticket.go(true);
}

bool Dispatcher::run_hurried(ports::TimePoint now) {
  const auto ready = std::ranges::find_if(hurried_, [&](const Ticket& ticket) {
    return (!ticket.connection || has_connection(ticket.lane)) &&
           take_permits(ticket, now, schedule::Freeze::kIgnored);
  });
  if (ready == hurried_.end()) return false;
  const Ticket ticket = std::move(*ready);
  hurried_.erase(ready);
  admit(ticket);
  return true;
}

bool Dispatcher::run_next_of(Lane lane, ports::TimePoint now) {
  Waiting& waiting = at(lane);
  if (waiting.tickets.empty()) return false;
  const Ticket& first = waiting.tickets.front();
  if (first.connection && !has_connection(lane)) return false;
  if (!take_permits(first, now, schedule::Freeze::kObeyed)) return false;
  const Ticket ticket = std::move(waiting.tickets.front());
  waiting.tickets.pop_front();
  admit(ticket);
  return true;
}

void Dispatcher::run(ports::TimePoint now) {
  while (run_hurried(now)) {
  }
  std::size_t idle = 0;
  while (idle < kLanes) {
    idle = run_next_of(lane_at(turn_), now) ? 0 : idle + 1;
    turn_ = (turn_ + 1) % kLanes;
  }
  tell_who_waits();
}

void Dispatcher::finished(Lane lane) {
  --at(lane).running;
  --running_;
}

void Dispatcher::drop(Lane lane) {
  const auto of_lane = [lane](const Ticket& ticket) { return ticket.lane == lane; };
  for (const Ticket& ticket : std::exchange(at(lane).tickets, {})) ticket.go(false);
  for (const Ticket& ticket : take_out(hurried_, of_lane)) ticket.go(false);
  tell_who_waits();
}

void Dispatcher::review(const CallOrigin& origin) {
  const auto is_withheld = [&](const Ticket& ticket) {
    return ticket.origin.get() == &origin && ticket.is_withheld();
  };
  const auto is_hurried = [&](const Ticket& ticket) {
    return ticket.origin.get() == &origin && ticket.is_hurried();
  };
  auto withheld = take_out(hurried_, is_withheld);
  for (Waiting& waiting : lanes_) {
    std::ranges::move(take_out(waiting.tickets, is_withheld), std::back_inserter(withheld));
    std::ranges::move(take_out(waiting.tickets, is_hurried), std::back_inserter(hurried_));
  }
  for (const Ticket& ticket : withheld) ticket.go(false);
  tell_who_waits();
}

std::optional<ports::TimePoint> Dispatcher::wake_at(ports::TimePoint now) const {
  std::optional<ports::TimePoint> earliest;
  const auto consider = [&](const Ticket& ticket, schedule::Freeze freeze) {
    // Without a connection the end of another call wakes us.
    if (ticket.connection && !has_connection(ticket.lane)) return;
    const ports::TimePoint ready =
        budget(class_of(ticket.lane)).ready_at(now, ticket.permits, freeze);
    if (!earliest || ready < *earliest) earliest = ready;
  };
  for (const Waiting& waiting : lanes_) {
    if (!waiting.tickets.empty()) consider(waiting.tickets.front(), schedule::Freeze::kObeyed);
  }
  for (const Ticket& ticket : hurried_) consider(ticket, schedule::Freeze::kIgnored);
  return earliest;
}

}  // namespace sessync::api
