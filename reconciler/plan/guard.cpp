#include "reconciler/plan/guard.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "reconciler/limits.h"
#include "reconciler/plan/short_hash.h"

namespace sessync::plan {
namespace {

bool is_counted(const Delete& removal) {
  return !removal.is_rename && !removal.is_duplicate && !removal.protection;
}

std::uint64_t allowed_deletes(const manifest::MaxDeletes& limit, std::uint64_t owned) {
  return limit.is_percentage
             ? std::max(reconciler::kAlwaysAllowedDeletes, owned * limit.value / 100)
             : limit.value;
}

std::string describe_mass(std::uint64_t count, std::uint64_t allowed) {
  return std::to_string(count) + " deletes in one pass, max_deletes allows " +
         std::to_string(allowed);
}

/// Takes the held deletes and the adds that need them out of the actions.
class GuardRail {
 public:
  /// `mass_reason`: why every delete that counts is held; nothing: none is for that.
  GuardRail(Plan& plan, std::optional<std::string> mass_reason)
      : plan_(plan), mass_reason_(std::move(mass_reason)) {}

  [[nodiscard]] bool is_held(const Action& action) const {
    if (const auto* replace = std::get_if<Replace>(&action)) {
      return replace->doubt.has_value();
    }
    const auto* removal = std::get_if<Delete>(&action);
    return removal != nullptr && is_held(*removal);
  }

  void hold(const std::string& id) {
    std::vector<Action> go;
    const auto chains = held_chains();
    for (auto& action : plan_.actions) {
      const auto* removal = std::get_if<Delete>(&action);
      const bool chained = removal != nullptr && removal->chain && chains.contains(*removal->chain);
      if (is_held(action) || chained) {
        block(action, id);
      } else if (removal == nullptr && chains.contains(path_of(action))) {
        block(path_of(action), "it needs a delete that is held back", id,
              "mount it elsewhere, or bring the source back");
      } else {
        go.push_back(std::move(action));
      }
    }
    plan_.actions = std::move(go);
  }

 private:
  [[nodiscard]] bool is_held(const Delete& removal) const {
    return removal.protection || (mass_reason_ && is_counted(removal));
  }

  /// The paths of the adds and replaces that cannot be made.
  [[nodiscard]] std::set<manifest::MountPath> held_chains() const {
    std::set<manifest::MountPath> chains;
    for (const auto& action : plan_.actions) {
      if (!is_held(action)) {
        continue;
      }
      const auto* removal = std::get_if<Delete>(&action);
      if (removal == nullptr) {
        chains.insert(path_of(action));
      } else if (removal->chain) {
        chains.insert(*removal->chain);
      }
    }
    return chains;
  }

  void block(const Action& action, const std::string& id) {
    if (const auto* replace = std::get_if<Replace>(&action)) {
      return block(replace->wanted.path, *replace->doubt, id, kCorrectId);
    }
    const auto& removal = std::get<Delete>(action);
    const auto& why = removal.protection ? removal.protection : mass_reason_;
    block(removal.path, why.value_or("its chain is held back"), id,
          removal.in_doubt ? kCorrectId
                           : "bring the source back, or remove its entry from the manifest");
  }

  void block(const manifest::MountPath& path, std::string why, const std::string& id,
             const std::string& otherwise) {
    why += why.ends_with("?") ? " What" : "; what";
    plan_.blocked.push_back(
        {desired::BlockedType::kFile, path, desired::BlockCode::kGuard,
         why + " is mounted here stays. To let these deletes through once: --allow-deletes=" + id +
             ". Otherwise " + otherwise});
  }

  static constexpr const char* kCorrectId = "correct session_id";
  Plan& plan_;
  std::optional<std::string> mass_reason_;
};

/// The rows that a held action would take away.
void append_rows(const Action& action, std::vector<std::string>& resource_ids) {
  if (const auto* replace = std::get_if<Replace>(&action)) {
    resource_ids.insert(resource_ids.end(), replace->deletes.begin(), replace->deletes.end());
  } else {
    resource_ids.push_back(std::get<Delete>(action).resource_id);
  }
}

bool is_in_doubt(const Action& action) {
  const auto* replace = std::get_if<Replace>(&action);
  const auto* removal = std::get_if<Delete>(&action);
  return replace != nullptr ? replace->doubt.has_value() : removal != nullptr && removal->in_doubt;
}

std::uint64_t count_mass(const Plan& plan) {
  return static_cast<std::uint64_t>(std::ranges::count_if(plan.actions, [](const Action& action) {
    const auto* removal = std::get_if<Delete>(&action);
    return removal != nullptr && is_counted(*removal);
  }));
}

}  // namespace

void guard(Plan& plan, const Policy& policy, const std::string& session_id) {
  const auto counted = count_mass(plan);
  const auto allowed = allowed_deletes(policy.max_deletes, plan.owned);
  GuardRail rail(plan,
                 counted > allowed ? std::optional(describe_mass(counted, allowed)) : std::nullopt);
  Held held;
  for (const auto& action : plan.actions) {
    if (rail.is_held(action)) {
      append_rows(action, held.resource_ids);
    }
  }
  if (held.resource_ids.empty()) {
    return;
  }
  std::ranges::sort(held.resource_ids);
  auto texts = held.resource_ids;
  texts.insert(texts.begin(), session_id);
  held.id = short_hash(texts);
  if (held.id == policy.allow_deletes) {
    plan.doubt_is_settled = std::ranges::any_of(plan.actions, is_in_doubt);
    return;
  }
  rail.hold(held.id);
  plan.held = std::move(held);
}

void limit_files(Plan& plan, const Policy& policy, std::uint64_t declared) {
  const auto unmanaged = static_cast<std::uint64_t>(std::ranges::count_if(
      plan.unmanaged, [](const Unmanaged& row) { return row.type == "file"; }));
  const std::uint64_t held = plan.held ? plan.held->resource_ids.size() : 0;
  const std::uint64_t total = declared + unmanaged + held;
  if (total <= policy.max_files) {
    return;
  }
  const std::string reason =
      "the session would hold " + std::to_string(total) + " files (" + std::to_string(declared) +
      " declared, " + std::to_string(unmanaged) + " not ours, " + std::to_string(held) +
      " held back), but max_files is " + std::to_string(policy.max_files) +
      "; nothing is added: declare fewer files, or raise max_files if the account allows more";
  std::set<manifest::MountPath> blocked;
  std::erase_if(plan.actions, [&](const Action& action) {
    const auto* add = std::get_if<Add>(&action);
    if (add == nullptr) {
      return false;
    }
    plan.blocked.push_back(
        {desired::BlockedType::kFile, add->wanted.path, desired::BlockCode::kQuota, reason});
    blocked.insert(add->wanted.path);
    return true;
  });
  for (auto& action : plan.actions) {
    auto* removal = std::get_if<Delete>(&action);
    if (removal != nullptr && removal->chain && blocked.contains(*removal->chain)) {
      removal->chain.reset();
    }
  }
}

}  // namespace sessync::plan
