#include "reconciler/reconcile.h"

#include <algorithm>

#include "reconciler/desired/desired.h"
#include "reconciler/pass/execute.h"
#include "reconciler/pass/fetch_outputs.h"
#include "reconciler/pass/gather.h"
#include "reconciler/pass/observe_session.h"
#include "reconciler/plan/make_plan.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync {
namespace {

void make_plan(const PassInput& in, const DesiredState& desired, const PlanInput& input,
               PassOutcome& out) {
  out.plan = plan(input, policy_of(in));
  out.source_lost = std::ranges::any_of(desired.protected_trees, &ProtectedTree::source_missing);
  if (!out.plan.pending.empty()) {
    out.check_again_in(in.list_grace);
  }
}

}  // namespace

PassOutcome reconcile(const PassInput& in, Ports& ports) {
  PassOutcome out;
  const DesiredState desired = resolve(in.spec, in.snapshot);
  out.warnings = desired.warnings;
  auto session = observe_session(in, desired, ports, out);
  if (!session) {
    return out;
  }
  out.suspended = in.spec.suspend;
  if (!in.dry_run) {
    mark_needed(in, desired, ports);
  }
  const auto input = gather(in, desired, *session, ports, out);
  if (input) {
    make_plan(in, desired, *input, out);
    if (ports.observer != nullptr) {
      ports.observer->planned(out);
    }
    execute(in, *input, *session, ports, out);
  }
  fetch_outputs(in, *session, ports, out);
  return out;
}

}  // namespace sessync
