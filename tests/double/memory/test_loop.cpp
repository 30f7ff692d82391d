#include "tests/double/memory/test_loop.h"

#include <utility>

namespace sessync {

void TestLoop::after(ports::Duration delay, std::function<void()> then) {
  timers_.emplace(now_ + delay, Item{std::move(then), nullptr});
}

void TestLoop::post(std::function<void()> completion) {
  items_.push_back(Item{std::move(completion), nullptr});
}

void TestLoop::submit(Remote work) { items_.push_back(Item{nullptr, std::move(work)}); }

void TestLoop::request(Remote work) { items_.push_back(Item{nullptr, std::move(work), true}); }

void TestLoop::request_after(ports::Duration delay, Remote work) {
  timers_.emplace(now_ + delay, Item{nullptr, std::move(work), true});
}

void TestLoop::take_due_timers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    items_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
}

bool TestLoop::jump_to_next_timer() {
  if (timers_.empty()) {
    return false;
  }
  now_ = std::max(now_, timers_.begin()->first);
  take_due_timers();
  return true;
}

std::size_t TestLoop::choose() {
  if (!random_) {
    return 0;
  }
  *random_ = *random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  return (*random_ >> 33U) % items_.size();
}

bool TestLoop::step() {
  const auto chosen = items_.begin() + static_cast<std::ptrdiff_t>(choose());
  const Item item = std::move(*chosen);
  items_.erase(chosen);
  if (item.completion) {
    ++completions_;
    item.completion();
    return true;
  }
  if (auto completion = item.remote()) {
    post(std::move(completion));
  }
  return false;
}

bool TestLoop::run_one() {
  take_due_timers();
  while (!items_.empty() || jump_to_next_timer()) {
    if (step()) {
      return true;
    }
  }
  return false;
}

void TestLoop::run_all() {
  while (run_one()) {
  }
}

bool TestLoop::run_item() {
  take_due_timers();
  if (items_.empty()) {
    return false;
  }
  step();
  return true;
}

std::optional<ports::TimePoint> TestLoop::next_timer() const {
  return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
}

void TestLoop::crash(const std::function<Fate()>& fate) {
  const auto timers = std::exchange(timers_, {});
  for (const auto& [when, item] : timers) {
    if (item.is_request && fate() == Fate::kStillOnItsWay) {
      timers_.emplace(when, item);
    }
  }
  const auto items = std::exchange(items_, {});
  for (const Item& item : items) {
    const auto meets = item.is_request ? fate() : Fate::kLost;
    if (meets == Fate::kArrives) {
      (void)item.remote();
    } else if (meets == Fate::kStillOnItsWay) {
      request([remote = item.remote]() -> std::function<void()> {
        (void)remote();
        return nullptr;
      });
    }
  }
}

}  // namespace sessync
