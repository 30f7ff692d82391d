#include "reconciler/reconcile.h"

#include <algorithm>

#include "reconciler/desired/desired.h"
#include "reconciler/pass/execute.h"
#include "reconciler/pass/fetch_outputs.h"
#include "reconciler/pass/gather.h"
#include "reconciler/pass/observe_session.h"
#include "reconciler/plan/make_plan.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync::reconciler {
namespace {

desired::Blocked not_allowed(const std::string& reason) {
  return {desired::BlockedType::kSession, manifest::MountPath(), desired::BlockCode::kNotAllowed,
          reason};
}

/// Of a session with which nothing may be done: the API is not even asked about it.
pass::PassOutcome denied(const pass::PassInput& in) {
  const auto& permission = in.spec.permission;
  pass::PassOutcome out;
  out.session_id = in.spec.session_id.value_or("");
  if (permission.policy_missing) {
    out.error =
        errors::SessionError{errors::SessionError::Code::kPolicyInvalid, *permission.denied};
  } else {
    out.plan.blocked.push_back(not_allowed(*permission.denied));
  }
  return out;
}

void make_plan(const pass::PassInput& in, const desired::DesiredState& desired,
               const plan::PlanInput& input, pass::PassOutcome& out) {
  out.plan = plan::plan(input, pass::policy_of(in));
  for (const auto& reason : in.spec.permission.withheld) {
    out.plan.blocked.push_back(not_allowed(reason));
  }
  std::ranges::stable_sort(out.plan.blocked, {}, &desired::Blocked::path);
  out.source_lost =
      std::ranges::any_of(desired.protected_trees, &desired::ProtectedTree::source_missing);
  if (!out.plan.pending.empty()) {
    out.check_again_in(in.list_grace);
  }
}

}  // namespace

pass::PassOutcome reconcile(const pass::PassInput& in, ports::Ports& ports) {
  if (in.spec.permission.denied) {
    return denied(in);
  }
  pass::PassOutcome out;
  const desired::DesiredState desired = desired::resolve(in.spec, in.snapshot);
  out.warnings = desired.warnings;
  out.left_out = desired.left_out.count();
  auto session = pass::observe_session(in, desired, ports, out);
  if (!session) {
    return out;
  }
  out.suspended = in.spec.suspend;
  if (!in.dry_run) {
    pass::mark_needed(in, desired, ports);
  }
  const auto input = pass::gather(in, desired, *session, ports, out);
  if (input) {
    make_plan(in, desired, *input, out);
    if (ports.observer != nullptr) {
      ports.observer->planned(out);
    }
    pass::execute(in, *input, *session, ports, out);
  }
  pass::fetch_outputs(in, *session, ports, out);
  return out;
}

}  // namespace sessync::reconciler
