#include "daemon/watch/settler.h"

#include <algorithm>

namespace sessync::watch {

void Settler::note(const std::string& name, Time now) {
  pending_.try_emplace(name, Pending{.first = now, .last = now}).first->second.last = now;
}

Settler::Time Settler::due(const Pending& pending) const {
  return std::min(pending.last + settle_, pending.first + cap_);
}

std::optional<Settler::Time> Settler::due() const {
  std::optional<Time> next;
  for (const auto& [name, pending] : pending_) {
    next = next ? std::min(*next, due(pending)) : due(pending);
  }
  return next;
}

WatchChange Settler::take(Time now) {
  WatchChange change{.names = {}, .first_event = Time::max()};
  for (auto each = pending_.begin(); each != pending_.end();) {
    if (due(each->second) > now) {
      ++each;
      continue;
    }
    change.names.push_back(each->first);
    change.first_event = std::min(change.first_event, each->second.first);
    each = pending_.erase(each);
  }
  return change;
}

std::chrono::milliseconds RescanBackoff::next(Time now) {
  constexpr int kFree = 3;
  constexpr std::chrono::milliseconds kFirst{100};
  constexpr std::chrono::milliseconds kMost{30'000};
  if (last_ && now - *last_ > std::chrono::minutes(1)) in_a_row_ = 0;
  last_ = now;
  if (in_a_row_++ < kFree) return std::chrono::milliseconds::zero();
  constexpr int kMostDoublings = 9;
  return std::min(kMost, kFirst * (1 << std::min(in_a_row_ - kFree - 1, kMostDoublings)));
}

}  // namespace sessync::watch
