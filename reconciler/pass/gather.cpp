#include "reconciler/pass/gather.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "reconciler/apply/confirm_uploads.h"
#include "reconciler/observe/find_session.h"
#include "reconciler/observe/find_uploads.h"
#include "reconciler/observe/recall.h"
#include "reconciler/plan/plan_session.h"
#include "reconciler/tokens/check_tokens.h"

namespace sessync::pass {
namespace {

constexpr const char* kLookingUp = "looking up declared uploads";

/// Declared uploads of which the inventory cannot tell that they are mounted.
std::vector<std::string> unknown_ids(const desired::DesiredState& desired,
                                     const observe::ObservedState& state) {
  std::vector<std::string> ids;
  for (const auto& [path, wanted] : desired.files) {
    const auto is_it = [&](const auto& file) {
      return file.path == wanted.path && observe::holds(file, wanted, {});
    };
    if (wanted.local() == nullptr && std::ranges::none_of(state.files, is_it)) {
      ids.push_back(wanted.content_key());
    }
  }
  return ids;
}

/// What is said of one upload concerns the entries that name it. Only a session that is to be
/// created waits: it gets its files when it is.
void note_unanswered(const std::string& id, const ports::ApiError& error,
                     const SessionView& session, plan::PlanInput& input, PassOutcome& out) {
  if (errors::is_refused_for_good(error)) {
    input.missing_uploads.emplace(id, "the upload " + id + " cannot be mounted (" +
                                          ports::describe(error) +
                                          "); what is mounted here stays: check the id");
    return;
  }
  if (!session.exists()) {
    return out.fail(errors::failure_of(error, session.session_id, kLookingUp));
  }
  out.rate_limited |= error.kind == ports::ApiError::Kind::kRateLimited;
  input.unknown_uploads.emplace(
      id, "it is not known whether the upload " + id + " exists (" + ports::describe(error) + ")");
}

void find_declared_uploads(const desired::DesiredState& desired, const SessionView& session,
                           ports::Ports& ports, plan::PlanInput& input, PassOutcome& out) {
  const auto ids = unknown_ids(desired, session.state);
  if (ids.empty()) {
    return;
  }
  auto found = observe::find_uploads(ids, ports);
  if (!found) {
    return out.fail(errors::failure_of(found.error(), session.session_id, kLookingUp));
  }
  input.uploads = std::move(found->files);
  for (const auto& id : ids) {
    const auto upload = input.uploads.find(id);
    const auto unanswered = found->unanswered.find(id);
    if (unanswered != found->unanswered.end()) {
      note_unanswered(id, unanswered->second, session, input, out);
    } else if (upload == input.uploads.end() ||
               apply::is_expired(upload->second, ports.loop.now())) {
      input.missing_uploads.emplace(id, "the upload " + id +
                                            " does not exist or has expired; what is mounted "
                                            "here stays: upload it again and write its new id");
    }
  }
}

void check_declared_tokens(const desired::DesiredState& desired, const SessionView& session,
                           ports::Ports& ports, plan::PlanInput& input, PassOutcome& out) {
  auto checks =
      tokens::check_tokens(session.session_id, desired, session.state, session.inventory, ports);
  std::ranges::move(checks.warnings, std::back_inserter(out.warnings));
  for (const auto& [path, rotation] : checks.rotations) {
    if (rotation.next_check_at) {
      out.check_again_in(*rotation.next_check_at - ports.loop.now());
    }
  }
  input.rotations = std::move(checks.rotations);
}

plan::SessionChange session_change(const PassInput& in, const desired::DesiredState& desired,
                                   const SessionView& session) {
  if (!in.spec.create) {
    return {};
  }
  if (session.exists()) {
    return plan::difference(*in.spec.create, *session.info,
                            observe::session_key(in.owner, in.spec.name));
  }
  return plan::CreateSession{*in.spec.create, plan::creation_hash(*in.spec.create, desired)};
}

}  // namespace

std::optional<plan::PlanInput> gather(const PassInput& in, const desired::DesiredState& desired,
                                      const SessionView& session, ports::Ports& ports,
                                      PassOutcome& out) {
  plan::PlanInput input{desired, session.state};
  input.refusals = session.inventory.refusals;
  input.most_files = session.inventory.most_files;
  input.try_beyond = observe::is_time_to_try_beyond(session.inventory, ports.loop.now());
  input.session_id = session.session_id;
  input.session = session_change(in, desired, session);
  find_declared_uploads(desired, session, ports, input, out);
  check_declared_tokens(desired, session, ports, input, out);
  return out.error ? std::nullopt : std::optional(std::move(input));
}

plan::Policy policy_of(const PassInput& in) {
  return {in.spec.prune, in.spec.on_conflict, in.spec.max_deletes, in.spec.max_files,
          in.allow_deletes};
}

}  // namespace sessync::pass
