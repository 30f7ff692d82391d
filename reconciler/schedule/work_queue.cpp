#include "reconciler/schedule/work_queue.h"

#include <algorithm>

namespace sessync::schedule {

void WorkQueue::add(const std::string& key, ports::TimePoint due) {
  const auto known = due_.find(key);
  if (known == due_.end()) {
    ++adds_;
  } else if (known->second.at <= due) {
    return;
  } else {
    line_.erase(Place{known->second.at, known->second.arrival, key});
  }
  const Due place{.at = due, .arrival = ++arrivals_};
  due_.insert_or_assign(key, place);
  if (!is_processing(key)) {
    line_.emplace(place.at, place.arrival, key);
  }
}

void WorkQueue::retry(const std::string& key, ports::TimePoint due) {
  ++retries_;
  add(key, due);
}

std::optional<std::string> WorkQueue::pop(ports::TimePoint now) {
  if (line_.empty() || std::get<ports::TimePoint>(*line_.begin()) > now) {
    return std::nullopt;
  }
  std::string key = std::get<std::string>(*line_.begin());
  line_.erase(line_.begin());
  due_.erase(key);
  processing_.insert(key);
  return key;
}

void WorkQueue::done(const std::string& key) {
  if (!is_processing(key)) {
    return;
  }
  // Into the line first: if there is no memory for that, it can be tried again.
  if (const auto again = due_.find(key); again != due_.end()) {
    line_.emplace(again->second.at, again->second.arrival, key);
  }
  processing_.erase(key);
}

void WorkQueue::remove(const std::string& key) {
  const auto known = due_.find(key);
  if (known == due_.end()) {
    return;
  }
  line_.erase(Place{known->second.at, known->second.arrival, key});
  due_.erase(known);
}

std::optional<ports::TimePoint> WorkQueue::next_due() const {
  if (line_.empty()) {
    return std::nullopt;
  }
  return std::get<ports::TimePoint>(*line_.begin());
}

std::optional<ports::TimePoint> WorkQueue::next_due_after(ports::TimePoint now) const {
  const auto later = line_.lower_bound(Place{now + ports::Duration{1}, 0, std::string()});
  return later == line_.end() ? std::nullopt : std::optional(std::get<ports::TimePoint>(*later));
}

std::optional<ports::TimePoint> WorkQueue::due_of(const std::string& key) const {
  const auto known = due_.find(key);
  return known == due_.end() ? std::nullopt : std::optional(known->second.at);
}

bool WorkQueue::is_processing(const std::string& key) const { return processing_.contains(key); }

QueueFigures WorkQueue::figures(ports::TimePoint now) const {
  const auto is_due = [now](const Place& place) {
    return std::get<ports::TimePoint>(place) <= now;
  };
  return {static_cast<std::uint64_t>(std::ranges::count_if(line_, is_due)), adds_, retries_};
}

}  // namespace sessync::schedule
