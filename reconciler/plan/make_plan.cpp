#include "reconciler/plan/make_plan.h"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "reconciler/plan/guard.h"
#include "reconciler/plan/plan_files.h"
#include "reconciler/plan/plan_fixed.h"
#include "reconciler/plan/plan_session.h"
#include "reconciler/plan/renames.h"
#include "reconciler/plan/room.h"

namespace sessync::plan {
namespace {

void sort(Plan& plan) {
  std::ranges::sort(plan.actions, {}, [](const Action& action) {
    const auto* resource_id = resource_id_of(action);
    return std::tuple<const manifest::MountPath&, std::size_t, std::string_view>(
        path_of(action), action.index(),
        resource_id == nullptr ? std::string_view() : std::string_view(*resource_id));
  });
  std::ranges::sort(plan.blocked, {}, [](const desired::Blocked& blocked) {
    return std::tie(blocked.path, blocked.type, blocked.code, blocked.reason);
  });
  std::ranges::sort(plan.unmanaged, {}, [](const Unmanaged& unmanaged) {
    return std::tie(unmanaged.path, unmanaged.type, unmanaged.resource_id);
  });
  std::ranges::sort(plan.unchanged, {}, &Unchanged::path);
  std::ranges::sort(plan.pending, {}, &Pending::path);
}

}  // namespace

Plan plan(const PlanInput& input, const Policy& policy) {
  Plan result = plan_files(input, policy);
  plan_fixed(input, policy, result);
  const auto hold_back = [&] {
    limit_files(result, policy, input.desired.files.size() + input.desired.uncollected);
    hold_renames(result, input.desired);
  };
  // Before the guard, which offers an id only for what an apply then does; and after it, because
  // what it holds takes room as well.
  hold_back();
  guard(result, policy, input.session_id);
  hold_back();
  limit_room(result, input, policy.max_files);
  pair_renames(result);
  settle_session(result, input);
  sort(result);
  return result;
}

}  // namespace sessync::plan
