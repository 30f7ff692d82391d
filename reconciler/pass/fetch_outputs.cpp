#include "reconciler/pass/fetch_outputs.h"

#include <algorithm>
#include <utility>

#include "reconciler/limits.h"

namespace sessync::pass {
namespace {

void remember_status(const PassInput& in, SessionView& session, ports::Ports& ports) {
  session.inventory.status = ports::SeenStatus{session.info->status, ports.loop.now()};
  if (!in.dry_run) {
    ports.store.commit({ports::change::SetStatus{session.session_id, *session.inventory.status}},
                       [](const tl::expected<ports::Done, ports::StoreError>&) {});
  }
}

void note_status(const PassInput& in, SessionView& session, ports::Ports& ports, PassOutcome& out) {
  const auto before = session.inventory.status;
  if (!before || before->status != session.info->status) {
    remember_status(in, session, ports);
  }
  if (!session.info->is_idle()) {
    return out.check_again_in(
        std::max<ports::Duration>(reconciler::kBusyRefresh, in.spec.interval / 10));
  }
  const auto idle = ports.loop.now() - session.inventory.status->since;
  if (before && idle < reconciler::kLastOutputCheck) {
    out.check_again_in(idle < reconciler::kFirstOutputCheck ? reconciler::kFirstOutputCheck
                                                            : reconciler::kLastOutputCheck - idle);
  }
}

void take_in(outputs::OutputsReport report, PassOutcome& out) {
  out.fetched = std::move(report.fetched);
  std::ranges::move(report.warnings, std::back_inserter(out.warnings));
  std::ranges::move(report.blocked, std::back_inserter(out.plan.blocked));
  std::ranges::stable_sort(out.plan.blocked, {}, &desired::Blocked::path);
  if (report.error && !out.error) {
    out.error = std::move(report.error);
  }
  out.unfinished |= report.again;
}

}  // namespace

void fetch_outputs(const PassInput& in, SessionView& session, ports::Ports& ports,
                   PassOutcome& out) {
  if (!in.spec.outputs || !session.exists() || out.error || !session.info) {
    return;
  }
  note_status(in, session, ports, out);
  // A destination that may not be used is said by a plan too.
  const bool is_refused = in.outputs_refusal || in.spec.outputs->denied;
  if ((in.dry_run && !is_refused) || out.suspended || ports.loop.stopping()) {
    return;
  }
  if (in.outputs_beside != nullptr && !is_refused) {
    out.outputs_due = true;
    return take_in(*in.outputs_beside, out);
  }
  take_in(outputs::pull_outputs(
              {session.session_id, *in.spec.outputs, session.inventory, in.outputs_refusal}, ports),
          out);
}

}  // namespace sessync::pass
