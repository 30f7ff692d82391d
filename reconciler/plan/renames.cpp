#include "reconciler/plan/renames.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/plan/room.h"

namespace sessync::plan {
namespace {

/// The action as the delete of a renamed file's old row that nothing else needs; null: it is none.
const Delete* old_place(const Action& action) {
  const auto* removal = std::get_if<Delete>(&action);
  const bool is_old =
      removal != nullptr && removal->is_rename && !removal->chain && !removal->is_duplicate;
  return is_old ? removal : nullptr;
}

bool is_old_place(const Action& action) { return old_place(action) != nullptr; }

struct BlockedPlace {
  manifest::MountPath path;
  desired::BlockCode code;
};
/// By content key.
using BlockedPlaces = std::map<std::string, BlockedPlace>;

BlockedPlaces blocked_places(const Plan& plan, const desired::DesiredState& desired) {
  BlockedPlaces places;
  for (const auto& blocked : plan.blocked) {
    const auto wanted = desired.files.find(blocked.path);
    if (blocked.type == desired::BlockedType::kFile && wanted != desired.files.end()) {
      places.emplace(wanted->second.content_key(), BlockedPlace{blocked.path, blocked.code});
    }
  }
  for (const auto& [sha256, path] : desired.withheld) {
    places.emplace(sha256, BlockedPlace{path, desired::BlockCode::kSecretSuspected});
  }
  return places;
}

/// Where what the delete takes away is declared, if that is blocked.
const BlockedPlace* find_place(const BlockedPlaces& places, const Delete& removal) {
  for (const auto* key : {&removal.digest_prefix, &removal.upload_file_id, &removal.copy_file_id}) {
    const auto place = *key ? places.lower_bound(**key) : places.end();
    if (place != places.end() && removal.holds(place->first)) {
      return &place->second;
    }
  }
  return nullptr;
}

std::string describe_old_place(const BlockedPlace& place) {
  return "its content is declared at " + place.path.text() + ", which is blocked (" +
         desired::to_string(place.code) + "); what is mounted here stays until that is settled";
}

}  // namespace

void hold_renames(Plan& plan, const desired::DesiredState& desired) {
  if (std::ranges::none_of(plan.actions, is_old_place)) {
    return;
  }
  const auto places = blocked_places(plan, desired);
  std::erase_if(plan.actions, [&](const Action& action) {
    const auto* old = old_place(action);
    const auto* place = old != nullptr ? find_place(places, *old) : nullptr;
    if (place != nullptr) {
      plan.blocked.push_back(
          {desired::BlockedType::kFile, old->path, place->code, describe_old_place(*place)});
    }
    return place != nullptr;
  });
}

void pair_renames(Plan& plan) {
  auto over = rows_at_most(plan) - static_cast<std::int64_t>(plan.cap);
  for (auto& action : plan.actions) {
    if (over <= 0) {
      return;
    }
    if (plain_add(action) == nullptr) {
      continue;
    }
    auto& add = std::get<Add>(action);
    const auto found = std::ranges::find_if(plan.actions, [&](const Action& other) {
      const auto* old = old_place(other);
      return old != nullptr && old->holds(add.wanted.content_key());
    });
    if (found != plan.actions.end()) {
      auto& old = std::get<Delete>(*found);
      old.chain = add.wanted.path;
      add.deletes.push_back(old.resource_id);
      --over;
    }
  }
}

}  // namespace sessync::plan
