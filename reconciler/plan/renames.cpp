#include "reconciler/plan/renames.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/plan/room.h"

namespace sessync {
namespace {

bool is_prune(const Action& action) {
  return action.kind == Action::Kind::kDelete && !action.chain && !action.is_duplicate;
}

bool is_old_place(const Action& action) { return is_prune(action) && action.is_rename; }

struct BlockedPlace {
  MountPath path;
  BlockCode code;
};
/// By content key.
using BlockedPlaces = std::map<std::string, BlockedPlace>;

BlockedPlaces blocked_places(const Plan& plan, const DesiredState& desired) {
  BlockedPlaces places;
  for (const auto& blocked : plan.blocked) {
    const auto wanted = desired.files.find(blocked.path);
    if (blocked.type == "file" && wanted != desired.files.end()) {
      places.emplace(wanted->second.content_key(), BlockedPlace{blocked.path, blocked.code});
    }
  }
  return places;
}

/// Where what the delete takes away is declared, if that is blocked.
const BlockedPlace* find_place(const BlockedPlaces& places, const Action& removal) {
  for (const auto* key : {&removal.digest_prefix, &removal.upload_file_id, &removal.copy_file_id}) {
    const auto place = places.lower_bound(*key);
    if (place != places.end() && removal.holds(place->first)) {
      return &place->second;
    }
  }
  return nullptr;
}

std::string describe_old_place(const BlockedPlace& place) {
  return "its content is declared at " + place.path.text() + ", which is blocked (" +
         to_string(place.code) + "); what is mounted here stays until that is settled";
}

}  // namespace

void hold_renames(Plan& plan, const DesiredState& desired) {
  if (std::ranges::none_of(plan.actions, is_old_place)) {
    return;
  }
  const auto places = blocked_places(plan, desired);
  std::erase_if(plan.actions, [&](const Action& action) {
    const auto* place = is_old_place(action) ? find_place(places, action) : nullptr;
    if (place != nullptr) {
      plan.blocked.push_back({"file", action.path, place->code, describe_old_place(*place)});
    }
    return place != nullptr;
  });
}

void pair_renames(Plan& plan) {
  auto over = rows_at_most(plan) - static_cast<std::int64_t>(plan.cap);
  for (auto& add : plan.actions) {
    if (over <= 0) {
      return;
    }
    if (!is_plain_add(add)) {
      continue;
    }
    const auto old = std::ranges::find_if(plan.actions, [&](const Action& action) {
      return is_old_place(action) && action.holds(add.wanted->content_key());
    });
    if (old != plan.actions.end()) {
      old->chain = add.path;
      add.deletes.push_back(old->resource_id);
      --over;
    }
  }
}

}  // namespace sessync
