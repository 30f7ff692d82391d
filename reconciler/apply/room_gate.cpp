#include "reconciler/apply/room_gate.h"

#include <algorithm>
#include <utility>

#include "reconciler/limits.h"

namespace sessync::apply {

void RoomGate::enter_add(std::function<void(bool)> go) {
  waiting_adds_.push_back(std::move(go));
  advance();
}

void RoomGate::leave_add() {
  --adds_;
  probing_ = false;
  advance();
}

void RoomGate::enter_swap(std::function<void()> go) {
  waiting_swaps_.push_back(std::move(go));
  advance();
}

void RoomGate::leave_swap() {
  --swaps_;
  advance();
}

void RoomGate::accepted(bool in_new_place) {
  most_ = std::max(most_, ++rows_);
  has_grown_ = has_grown_ || in_new_place;
  if (!in_new_place || !std::exchange(probing_, false)) {
    return;
  }
  report(0);
  if (cap_ && rows_ > *cap_) {
    cap_.reset();
    hooks_.cap_was_wrong();
  }
}

void RoomGate::deleted() { rows_ -= rows_ > 0 ? 1U : 0U; }

void RoomGate::refused(ports::Refusal refusal) {
  suspects_.push_back(std::move(refusal));
  probe_was_refused_ = std::exchange(probing_, false);
}

void RoomGate::finish() {
  if (!suspects_.empty()) {
    report(may_be_full() ? rows_ : 0);
  }
}

/// Not re-entered: what is let in may leave at once.
void RoomGate::advance() {
  if (std::exchange(advancing_, true)) {
    return;
  }
  while (step()) {
  }
  advancing_ = false;
}

bool RoomGate::step() {
  if (shut_ && turn_away()) {
    return true;
  }
  if (adds_ == 0 && swaps_ == 0 && judge()) {
    return true;
  }
  if (!waiting_swaps_.empty() && (adds_ == 0 || has_room_for_both())) {
    return start_swap();
  }
  const bool may_join = adds_ == 0 || !must_probe();
  const bool is_apart = swaps_ == 0 || has_room_for_both();
  return !waiting_adds_.empty() && may_join && is_apart && start_add();
}

bool RoomGate::must_probe() const {
  return probing_ || !suspects_.empty() || (cap_ && rows_ + adds_ >= *cap_);
}

bool RoomGate::may_be_full() const {
  return rows_ > 0 && rows_ >= most_ && (has_grown_ || cap_ || rows_ >= reconciler::kFewestOfFull);
}

/// Each swap under way owes the session a row.
bool RoomGate::has_room_for_both() const {
  return !must_probe() && rows_ + adds_ + swaps_ + 1 <= most_;
}

bool RoomGate::turn_away() {
  if (waiting_adds_.empty()) {
    return false;
  }
  const auto go = std::move(waiting_adds_.front());
  waiting_adds_.pop_front();
  go(false);
  return true;
}

bool RoomGate::start_swap() {
  const auto go = std::move(waiting_swaps_.front());
  waiting_swaps_.pop_front();
  ++swaps_;
  go();
  return true;
}

bool RoomGate::start_add() {
  probing_ = must_probe();
  const auto go = std::move(waiting_adds_.front());
  waiting_adds_.pop_front();
  ++adds_;
  go(true);
  return true;
}

bool RoomGate::judge() {
  if (suspects_.empty()) {
    return false;
  }
  if (!may_be_full()) {
    probe_was_refused_ = false;
    report(0);
    return true;
  }
  if (!std::exchange(probe_was_refused_, false)) {
    return false;
  }
  shut_ = true;
  auto last = suspects_.back();
  report(rows_);
  last.rows = rows_;
  hooks_.full(std::move(last));
  return true;
}

void RoomGate::report(std::uint64_t rows) {
  auto suspects = std::exchange(suspects_, {});
  if (suspects.empty()) {
    return;
  }
  for (auto& suspect : suspects) {
    suspect.rows = rows;
  }
  hooks_.judged(std::move(suspects));
}

}  // namespace sessync::apply
