#include "tests/double/test_loop.h"

#include <utility>

namespace sessync {

void TestLoop::after(Duration delay, std::function<void()> then) {
  timers_.emplace(now_ + delay, Item{std::move(then), nullptr});
}

void TestLoop::post(std::function<void()> completion) {
  items_.push_back(Item{std::move(completion), nullptr});
}

void TestLoop::submit(Remote work) { items_.push_back(Item{nullptr, std::move(work)}); }

void TestLoop::submit_after(Duration delay, Remote work) {
  timers_.emplace(now_ + delay, Item{nullptr, std::move(work)});
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

void TestLoop::crash(bool requests_arrive) {
  const auto items = std::exchange(items_, {});
  timers_.clear();
  for (const Item& item : items) {
    if (requests_arrive && item.remote) {
      (void)item.remote();
    }
  }
}

}  // namespace sessync
