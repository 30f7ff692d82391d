#include "reconciler/pass/execute.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "reconciler/apply/apply.h"
#include "reconciler/apply/create_session.h"
#include "reconciler/limits.h"
#include "reconciler/observe/recall.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync {
namespace {

/// Without waiting: losing it costs a question to the API, never correctness.
void record(Ports& ports, std::vector<Change> changes) {
  if (!changes.empty()) {
    ports.store.commit(std::move(changes), [](const tl::expected<Done, StoreError>&) {});
  }
}

/// What was seen must have been remembered before anything is written because of it: the record of
/// an earlier write may be its only other trace, and is written over.
bool is_recorded(const SessionView& session, Ports& ports, PassOutcome& out) {
  const auto recorded = session.recording.wait(ports.loop);
  if (!recorded) {
    out.error = SessionError{SessionError::Code::kStateNotWritable,
                             "what the session holds could not be recorded, so nothing was "
                             "changed in it: " +
                                 recorded.error()};
  }
  return recorded.has_value();
}

void create(const PassInput& in, const PlanInput& known, SessionView& session, Ports& ports,
            PassOutcome& out) {
  auto report =
      create_session({out.plan, known.desired, known.uploads, in.owner, in.spec.name}, ports);
  out.results = std::move(report.results);
  out.session_result = std::move(report.session);
  out.error = std::move(report.error);
  out.rate_limited |= report.rate_limited;
  out.progressed = report.session_id.has_value();
  out.session_id = session.session_id = report.session_id.value_or("");
  out.pass_again = session.exists();  // what the API made of it is seen in its list
}

/// Repeating it changes nothing more, so nothing has to be remembered of it.
void update(const SessionView& session, Ports& ports, PassOutcome& out) {
  const auto* change = std::get_if<UpdateSession>(&out.plan.session);
  if (change == nullptr) {
    return;
  }
  const SessionWrite write(ports.observer);
  const auto updated = await<SessionInfo>(
      ports.loop, [&](auto done) { ports.api.update_session(change->update, std::move(done)); });
  if (updated) {
    out.session_result = {ActionResult::Outcome::kDone, {}};
    out.progressed = true;
    return;
  }
  out.session_result = {ActionResult::Outcome::kFailed,
                        "its title and metadata were not updated: " + describe(updated.error()) +
                            "; the next pass tries again"};
  out.rate_limited |= updated.error().kind == ApiError::Kind::kRateLimited;
  if (updated.error().kind == ApiError::Kind::kAuthentication) {
    out.fail(failure_of(updated.error(), session.session_id, "updating the session"));
  }
}

/// When the tokens that were sent just now are too old.
void note_next_rotations(const SessionView& session, Ports& ports, PassOutcome& out) {
  const auto now = ports.loop.now();
  const auto sent = ports.store.load(session.session_id).tokens;
  for (std::size_t i = 0; i < out.results.size(); ++i) {
    const auto* rotate = std::get_if<Rotate>(&out.plan.actions[i]);
    if (rotate == nullptr || out.results[i].outcome != ActionResult::Outcome::kDone) {
      continue;
    }
    const auto known = std::ranges::find(sent, rotate->resource_id, &TokenRecord::resource_id);
    if (known == sent.end()) {
      continue;
    }
    if (known->renew_at) {
      out.check_again_in(*known->renew_at - now);
    }
    if (rotate->repository.rotate_every) {
      out.check_again_in(*rotate->repository.rotate_every);
    }
  }
}

void apply_actions(const PassInput& in, const PlanInput& known, const SessionView& session,
                   Ports& ports, PassOutcome& out) {
  auto report =
      apply({out.plan, session.inventory, known.uploads, session.session_id, in.owner, in.parallel},
            ports);
  out.results = std::move(report.results);
  out.error = std::move(report.error);
  out.terminal = out.error && is_terminal(out.error->code);
  out.rate_limited |= report.rate_limited;
  out.pass_again |= report.pass_again;
  out.progressed |= report.done > 0;
  if (out.terminal) {
    // The next pass looks before it tries to write again.
    record(ports, {change::SetLookedAt{session.session_id, TimePoint{}}});
  }
  note_next_rotations(session, ports, out);
}

}  // namespace

/// An upload that a declared file has stays needed; one that nothing needed for a while is deleted
/// by whoever collects.
void mark_needed(const PassInput& in, const DesiredState& desired, Ports& ports) {
  const auto now = ports.loop.now();
  std::vector<Change> changes;
  for (const auto& [path, wanted] : desired.files) {
    if (wanted.local() == nullptr) {
      continue;
    }
    auto upload = ports.store.find_upload(in.owner, wanted.local()->sha256);
    if (upload && now - upload->needed_at >= kNeededPrecision) {
      upload->needed_at = now;
      changes.emplace_back(change::PutUpload{std::move(*upload)});
    }
  }
  record(ports, std::move(changes));
}

void execute(const PassInput& in, const PlanInput& known, SessionView& session, Ports& ports,
             PassOutcome& out) {
  if (in.dry_run || out.suspended || out.plan.empty() || !is_recorded(session, ports, out) ||
      ports.loop.stopping()) {
    return;
  }
  out.executed = true;
  if (out.plan.doubt_is_settled) {
    record(ports, settle_doubt(session.inventory, session.session_id));
  }
  if (is_create(out.plan.session)) {
    return create(in, known, session, ports, out);
  }
  update(session, ports, out);
  if (!out.error) {
    apply_actions(in, known, session, ports, out);
  }
}

}  // namespace sessync
