#include "reconciler/observe/recall.h"

#include <algorithm>
#include <utility>

#include "reconciler/limits.h"
#include "reconciler/observe/refusals.h"

namespace sessync::observe {
std::vector<ports::Change> forget_other_owner(ports::Inventory& inventory,
                                              const std::string& session_id,
                                              const std::string& owner) {
  std::vector<ports::Change> changes;
  if (inventory.owner.empty() || inventory.owner == owner) {
    return changes;
  }
  inventory.taken_over = false;
  for (auto& intent : inventory.intents) {
    intent.adds_filename.clear();
    intent.previous.clear();
    changes.emplace_back(ports::change::PutIntent{session_id, intent});
  }
  for (auto& row : inventory.rows) {
    row.owned = false;
    row.in_doubt = false;
    changes.emplace_back(ports::change::PutRow{session_id, row});
  }
  return changes;
}

std::vector<ports::Change> expire_refusals(ports::Inventory& inventory,
                                           const std::string& session_id, ports::TimePoint now) {
  std::vector<ports::Change> changes;
  std::erase_if(inventory.refusals, [&](const ports::Refusal& refusal) {
    const bool old = refusal.is_full() ? !is_about_room(refusal, inventory.most_files)
                                       : now - refusal.at >= reconciler::kRefusalLife;
    if (old) {
      changes.emplace_back(ports::change::DropRefusal{session_id, refusal.path, refusal.content});
    }
    return old;
  });
  return changes;
}

bool is_time_to_try_beyond(const ports::Inventory& inventory, ports::TimePoint now) {
  return std::ranges::any_of(inventory.refusals, [&](const ports::Refusal& refusal) {
    return refusal.is_full() && now - refusal.at >= reconciler::kRefusalLife;
  });
}

std::vector<ports::Change> settle_doubt(const ports::Inventory& inventory,
                                        const std::string& session_id) {
  std::vector<ports::Change> changes;
  for (auto row : inventory.rows) {
    if (std::exchange(row.in_doubt, false)) {
      changes.emplace_back(ports::change::PutRow{session_id, std::move(row)});
    }
  }
  return changes;
}

}  // namespace sessync::observe
