#include "reconciler/observe/recall.h"

#include <algorithm>
#include <utility>

#include "reconciler/limits.h"
#include "reconciler/observe/refusals.h"

namespace sessync {
std::vector<Change> forget_other_owner(Inventory& inventory, const std::string& session_id,
                                       const std::string& owner) {
  std::vector<Change> changes;
  if (inventory.owner.empty() || inventory.owner == owner) {
    return changes;
  }
  inventory.taken_over = false;
  for (auto& intent : inventory.intents) {
    intent.adds_filename.clear();
    intent.previous.clear();
    changes.emplace_back(change::PutIntent{session_id, intent});
  }
  for (auto& row : inventory.rows) {
    row.owned = false;
    row.in_doubt = false;
    changes.emplace_back(change::PutRow{session_id, row});
  }
  return changes;
}

std::vector<Change> expire_refusals(Inventory& inventory, const std::string& session_id,
                                    TimePoint now) {
  std::vector<Change> changes;
  std::erase_if(inventory.refusals, [&](const Refusal& refusal) {
    const bool old = refusal.is_full() ? !is_about_room(refusal, inventory.most_files)
                                       : now - refusal.at >= kRefusalLife;
    if (old) {
      changes.emplace_back(change::DropRefusal{session_id, refusal.path, refusal.content});
    }
    return old;
  });
  return changes;
}

bool is_time_to_try_beyond(const Inventory& inventory, TimePoint now) {
  return std::ranges::any_of(inventory.refusals, [&](const Refusal& refusal) {
    return refusal.is_full() && now - refusal.at >= kRefusalLife;
  });
}

std::vector<Change> settle_doubt(const Inventory& inventory, const std::string& session_id) {
  std::vector<Change> changes;
  for (auto row : inventory.rows) {
    if (std::exchange(row.in_doubt, false)) {
      changes.emplace_back(change::PutRow{session_id, std::move(row)});
    }
  }
  return changes;
}

}  // namespace sessync
