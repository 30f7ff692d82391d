#include "reconciler/pass/execute.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "reconciler/apply/apply.h"
#include "reconciler/apply/create_session.h"
#include "reconciler/limits.h"
#include "reconciler/observe/recall.h"
#include "reconciler/ports/pass_observer.h"

namespace sessync::pass {
namespace {

/// Without waiting: losing it costs a question to the API, never correctness.
void record(ports::Ports& ports, std::vector<ports::Change> changes) {
  if (!changes.empty()) {
    ports.store.commit(std::move(changes),
                       [](const tl::expected<ports::Done, ports::StoreError>&) {});
  }
}

/// What was seen must have been remembered before anything is written because of it: the record of
/// an earlier write may be its only other trace, and is written over.
bool is_recorded(const SessionView& session, ports::Ports& ports, PassOutcome& out) {
  const auto recorded = session.recording.wait(ports.loop);
  if (!recorded) {
    out.error = errors::SessionError{errors::SessionError::Code::kStateNotWritable,
                                     "what the session holds could not be recorded, so nothing was "
                                     "changed in it: " +
                                         recorded.error()};
  }
  return recorded.has_value();
}

void create(const PassInput& in, const plan::PlanInput& known, SessionView& session,
            ports::Ports& ports, PassOutcome& out) {
  auto report = apply::create_session(
      {out.plan, known.desired, known.uploads, in.owner, in.spec.name}, ports);
  out.results = std::move(report.results);
  out.session_result = std::move(report.session);
  out.error = std::move(report.error);
  out.rate_limited |= report.rate_limited;
  out.progressed = report.session_id.has_value();
  out.session_id = session.session_id = report.session_id.value_or("");
  out.pass_again = session.exists();  // what the API made of it is seen in its list
}

/// Repeating it changes nothing more, so nothing has to be remembered of it.
void update(const SessionView& session, ports::Ports& ports, PassOutcome& out) {
  const auto* change = std::get_if<plan::UpdateSession>(&out.plan.session);
  if (change == nullptr) {
    return;
  }
  const ports::SessionWrite write(ports.observer);
  const auto updated = ports::await<ports::SessionInfo>(
      ports.loop, [&](auto done) { ports.api.update_session(change->update, std::move(done)); });
  if (updated) {
    out.session_result = {apply::ActionResult::Outcome::kDone, {}};
    out.progressed = true;
    return;
  }
  out.session_result = {apply::ActionResult::Outcome::kFailed,
                        "its title and metadata were not updated: " +
                            ports::describe(updated.error()) + "; the next pass tries again"};
  out.rate_limited |= updated.error().kind == ports::ApiError::Kind::kRateLimited;
  if (updated.error().kind == ports::ApiError::Kind::kAuthentication) {
    out.fail(errors::failure_of(updated.error(), session.session_id, "updating the session"));
  }
}

/// When the tokens that were sent just now are too old.
void note_next_rotations(const SessionView& session, ports::Ports& ports, PassOutcome& out) {
  const auto now = ports.loop.now();
  const auto sent = ports.store.load(session.session_id).tokens;
  for (std::size_t i = 0; i < out.results.size(); ++i) {
    const auto* rotate = std::get_if<plan::Rotate>(&out.plan.actions[i]);
    if (rotate == nullptr || out.results[i].outcome != apply::ActionResult::Outcome::kDone) {
      continue;
    }
    const auto known =
        std::ranges::find(sent, rotate->resource_id, &ports::TokenRecord::resource_id);
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

void apply_actions(const PassInput& in, const plan::PlanInput& known, const SessionView& session,
                   ports::Ports& ports, PassOutcome& out) {
  auto report = apply::apply(
      {out.plan, session.inventory, known.uploads, session.session_id, in.owner, in.parallel},
      ports);
  out.results = std::move(report.results);
  out.error = std::move(report.error);
  out.terminal = out.error && errors::is_terminal(out.error->code);
  out.rate_limited |= report.rate_limited;
  out.pass_again |= report.pass_again;
  out.progressed |= report.done > 0;
  if (out.terminal) {
    // The next pass looks before it tries to write again.
    record(ports, {ports::change::SetLookedAt{session.session_id, ports::TimePoint{}}});
  }
  note_next_rotations(session, ports, out);
}

}  // namespace

/// An upload that a declared file has stays needed; one that nothing needed for a while is deleted
/// by whoever collects.
void mark_needed(const PassInput& in, const desired::DesiredState& desired, ports::Ports& ports) {
  const auto now = ports.loop.now();
  std::vector<ports::Change> changes;
  const auto mark = [&](const std::string& sha256) {
    auto upload = ports.store.find_upload(in.owner, sha256);
    if (upload && now - upload->needed_at >= reconciler::kNeededPrecision) {
      upload->needed_at = now;
      changes.emplace_back(ports::change::PutUpload{std::move(*upload)});
    }
  };
  for (const auto& [path, wanted] : desired.files) {
    if (wanted.local() != nullptr) {
      mark(wanted.local()->sha256);
    }
  }
  // What was mounted of it stays, and so does what it was mounted from.
  for (const auto& [sha256, path] : desired.withheld) {
    mark(sha256);
  }
  record(ports, std::move(changes));
}

void execute(const PassInput& in, const plan::PlanInput& known, SessionView& session,
             ports::Ports& ports, PassOutcome& out) {
  if (in.dry_run || out.suspended || out.plan.empty() || !is_recorded(session, ports, out) ||
      ports.loop.stopping()) {
    return;
  }
  out.executed = true;
  if (out.plan.doubt_is_settled) {
    record(ports, observe::settle_doubt(session.inventory, session.session_id));
  }
  if (plan::is_create(out.plan.session)) {
    return create(in, known, session, ports, out);
  }
  update(session, ports, out);
  if (!out.error) {
    apply_actions(in, known, session, ports, out);
  }
}

}  // namespace sessync::pass
