#include "tests/double/memory/memory_state_store.h"

#include <utility>

namespace sessync {

void MemoryStateStore::commit(
    std::vector<ports::Change> changes,
    std::function<void(tl::expected<ports::Done, ports::StoreError>)> durable) {
  const std::size_t number = ++submitted_;
  const bool fails = failures_ > 0;
  failures_ -= fails ? 1 : 0;
  visible_.apply(changes);
  pending_.push_back({number, fails, std::move(changes)});
  loop_.submit([this, number, fails, durable = std::move(durable)]() -> std::function<void()> {
    if (fails) {
      forget_commit(number);
      return [durable] {
        durable(tl::unexpected(ports::StoreError{"the state could not be written: no space left"}));
      };
    }
    make_durable_up_to(number);
    return [durable] { durable(ports::Done{}); };
  });
}

void MemoryStateStore::make_durable_up_to(std::size_t number) {
  for (const Pending& one : pending_) {
    if (one.number <= number && !one.fails) {
      durable_.apply(one.changes);
    }
  }
  std::erase_if(pending_,
                [number](const Pending& one) { return one.number <= number && !one.fails; });
}

void MemoryStateStore::forget_commit(std::size_t number) {
  std::erase_if(pending_, [number](const Pending& one) { return one.number == number; });
  visible_ = durable_;
  for (const Pending& one : pending_) {
    visible_.apply(one.changes);
  }
}

void MemoryStateStore::crash() {
  pending_.clear();
  visible_ = durable_;
}

void MemoryStateStore::wipe() {
  pending_.clear();
  visible_ = durable_ = {};
}

}  // namespace sessync
