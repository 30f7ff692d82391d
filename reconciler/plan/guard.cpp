#include "reconciler/plan/guard.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "reconciler/plan/short_hash.h"

namespace sessync {
namespace {

bool is_counted(const Action& action) {
  return action.kind == Action::Kind::kDelete && !action.is_rename && !action.is_duplicate &&
         action.protection.empty();
}

std::uint64_t allowed_deletes(const MaxDeletes& limit, std::uint64_t owned) {
  constexpr std::uint64_t kAlwaysAllowed = 5;
  return limit.is_percentage ? std::max(kAlwaysAllowed, owned * limit.value / 100) : limit.value;
}

std::string describe_mass(std::uint64_t count, std::uint64_t allowed) {
  return std::to_string(count) + " deletes in one pass, max_deletes allows " +
         std::to_string(allowed);
}

/// Takes the held deletes and the adds that need them out of the actions.
class GuardRail {
 public:
  GuardRail(Plan& plan, std::string mass_reason)
      : plan_(plan), mass_reason_(std::move(mass_reason)) {}

  [[nodiscard]] bool is_held(const Action& action) const {
    if (action.kind == Action::Kind::kReplace) {
      return action.in_doubt;
    }
    return action.kind == Action::Kind::kDelete &&
           (!action.protection.empty() || (!mass_reason_.empty() && is_counted(action)));
  }

  void hold(const std::string& id) {
    std::vector<Action> go;
    std::set<MountPath> blocked_chains;
    for (const auto& action : plan_.actions) {
      if (is_held(action) && (action.chain || action.kind == Action::Kind::kReplace)) {
        blocked_chains.insert(action.chain.value_or(action.path));
      }
    }
    for (auto& action : plan_.actions) {
      const bool chained = action.chain && blocked_chains.contains(*action.chain);
      if (is_held(action) || chained) {
        block(action, id);
      } else if (action.kind != Action::Kind::kDelete && blocked_chains.contains(action.path)) {
        block(action.path, "it needs a delete that is held back", id,
              "mount it elsewhere, or bring the source back");
      } else {
        go.push_back(std::move(action));
      }
    }
    plan_.actions = std::move(go);
  }

 private:
  void block(const Action& action, const std::string& id) {
    const auto& why = action.protection.empty() ? mass_reason_ : action.protection;
    block(action.path, why.empty() ? "its chain is held back" : why, id,
          action.in_doubt ? "correct session_id"
                          : "bring the source back, or remove its entry from the manifest");
  }

  void block(const MountPath& path, std::string why, const std::string& id,
             const std::string& otherwise) {
    why += why.ends_with("?") ? " What" : "; what";
    plan_.blocked.push_back(
        {"file", path, BlockCode::kGuard,
         why + " is mounted here stays. To let these deletes through once: --allow-deletes=" + id +
             ". Otherwise " + otherwise});
  }

  Plan& plan_;
  std::string mass_reason_;
};

}  // namespace

void guard(Plan& plan, const Policy& policy, const std::string& session_id) {
  const auto counted = static_cast<std::uint64_t>(std::ranges::count_if(plan.actions, is_counted));
  const auto allowed = allowed_deletes(policy.max_deletes, plan.owned);
  GuardRail rail(plan, counted > allowed ? describe_mass(counted, allowed) : std::string());
  Held held;
  for (const auto& action : plan.actions) {
    if (!rail.is_held(action)) {
      continue;
    }
    if (action.kind == Action::Kind::kReplace) {
      held.resource_ids.insert(held.resource_ids.end(), action.deletes.begin(),
                               action.deletes.end());
    } else {
      held.resource_ids.push_back(action.resource_id);
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
    plan.doubt_is_settled = std::ranges::any_of(plan.actions, &Action::in_doubt);
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
  std::set<MountPath> blocked;
  std::erase_if(plan.actions, [&](const Action& action) {
    if (action.kind != Action::Kind::kAdd) {
      return false;
    }
    plan.blocked.push_back({"file", action.path, BlockCode::kQuota, reason});
    blocked.insert(action.path);
    return true;
  });
  for (auto& action : plan.actions) {
    if (action.chain && blocked.contains(*action.chain)) {
      action.chain.reset();
    }
  }
}

}  // namespace sessync
