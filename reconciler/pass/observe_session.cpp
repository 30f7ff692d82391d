#include "reconciler/pass/observe_session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "reconciler/limits.h"
#include "reconciler/observe/fetch_session.h"
#include "reconciler/observe/find_session.h"
#include "reconciler/observe/identify.h"
#include "reconciler/observe/recall.h"

namespace sessync::pass {
namespace {

void append(std::vector<ports::Change>& to, std::vector<ports::Change> changes) {
  std::ranges::move(changes, std::back_inserter(to));
}

/// The session that a `create:` entry has made, or none yet. False: that is not known.
bool find_created(const PassInput& in, ports::Ports& ports, SessionView& session,
                  PassOutcome& out) {
  auto located = observe::locate({in.spec, in.owner, in.dry_run, in.list_grace}, ports);
  if (located.failure) {
    out.fail(std::move(*located.failure));
    return false;
  }
  if (located.in_doubt) {
    out.plan.pending.push_back({manifest::MountPath(),
                                "it is not known whether the session was created; it is looked for "
                                "before another one is made"});
    out.check_again_in(in.list_grace);
    return false;
  }
  for (const auto& id : located.duplicates) {
    out.warnings.push_back("session " + id + " has this entry's key as well: the oldest one, " +
                           located.info->session_id +
                           ", is used; archive the other one if nobody needs it");
  }
  session.info = std::move(located.info);
  session.session_id = session.info ? session.info->session_id : std::string();
  return true;
}

bool is_info_fresh(const ports::Inventory& inventory, ports::TimePoint now) {
  return inventory.looked_at && now - *inventory.looked_at < reconciler::kRefreshInterval;
}

/// What the list does not show: archiving, status, title, metadata.
bool must_refresh(const PassInput& in, const desired::DesiredState& desired,
                  const ports::Inventory& inventory, ports::TimePoint now) {
  return in.refresh || in.spec.outputs || !desired.repositories.empty() ||
         !is_info_fresh(inventory, now);
}

observe::Observed identify_rows(const PassInput& in, const desired::DesiredState& desired,
                                ports::Ports& ports, std::vector<ports::ResourceRow> rows,
                                SessionView& session) {
  observe::Identifier identifier(ports, session.session_id, session.inventory, in.list_grace);
  identifier.keep_unlisted(rows);
  auto known = identifier.identify(rows);
  const observe::Observation observation{rows,         session.inventory, std::move(known),
                                         in.owner,     ports.loop.now(),  in.list_grace,
                                         ports.markers};
  return observe::observe(observation, session.session_id, desired);
}

void note_most_files(SessionView& session, std::vector<ports::Change>& changes) {
  const auto count = session.state.files.size();
  if (count > session.inventory.most_files) {
    session.inventory.most_files = count;
    changes.emplace_back(ports::change::SetMostFiles{session.session_id, count});
  }
}

/// An upgrade to keys, or a forgery: either is somebody's to look at, also where nothing is
/// declared.
void warn_of_unproven(const observe::ObservedState& state, observe::Unproven why,
                      const std::string& explanation, PassOutcome& out) {
  const auto is_one = [&](const observe::ObservedFile& file) {
    return file.unproven == why && file.ownership != observe::Ownership::kOurs;
  };
  const auto first = std::ranges::find_if(state.files, is_one);
  if (first != state.files.end()) {
    const auto others = std::ranges::count_if(state.files, is_one) - 1;
    out.warnings.push_back(first->path.text() +
                           (others > 0 ? " (and " + std::to_string(others) + " more)" : "") +
                           " is not taken for ours although its name has a marker of this owner: "
                           "it was made " +
                           explanation);
  }
}

void warn_of_unproven(const observe::ObservedState& state, PassOutcome& out) {
  warn_of_unproven(state, observe::Unproven::kNoKey,
                   "without a key; --adopt-unkeyed takes over what was mounted before there was a "
                   "--marker-key-file",
                   out);
  warn_of_unproven(state, observe::Unproven::kOtherKey, "with no key of --marker-key-file", out);
}

/// What is to be remembered of it; nothing: it cannot be listed, or not be told whose it is.
std::optional<std::vector<ports::Change>> list_and_identify(const PassInput& in,
                                                            const desired::DesiredState& desired,
                                                            ports::Ports& ports,
                                                            SessionView& session,
                                                            PassOutcome& out) {
  std::vector<ports::Change> changes;
  const auto now = ports.loop.now();
  auto fetched = observe::fetch_session(session.session_id, session.info,
                                        must_refresh(in, desired, session.inventory, now), ports);
  if (!fetched) {
    out.fail(std::move(fetched.error()));
    return std::nullopt;
  }
  session.info = std::move(fetched->info);
  if (session.info && !is_info_fresh(session.inventory, now)) {
    changes.emplace_back(ports::change::SetLookedAt{session.session_id, ports.loop.now()});
  }
  auto observed = identify_rows(in, desired, ports, std::move(fetched->rows), session);
  if (observed.is_key_wrong) {
    out.fail(errors::wrong_marker_key(session.session_id, in.owner));
    return std::nullopt;
  }
  out.identified = observed.is_complete;
  session.state = std::move(observed.state);
  warn_of_unproven(session.state, out);
  append(changes, std::move(observed.changes));
  note_most_files(session, changes);
  return changes;
}

}  // namespace

Recording::Recording(std::vector<ports::Change> changes, ports::StateStore& store)
    : durable_(std::make_shared<std::optional<Durable>>()) {
  store.commit(std::move(changes), [slot = durable_](const Durable& durable) { *slot = durable; });
}

tl::expected<ports::Done, std::string> Recording::wait(ports::Loop& loop) const {
  while (durable_ && !*durable_ && loop.run_one()) {
  }
  if (!durable_ || (*durable_ && **durable_)) {
    return ports::Done{};
  }
  return tl::unexpected(*durable_ ? (*durable_)->error().message : "stopped");
}

std::optional<SessionView> observe_session(const PassInput& in,
                                           const desired::DesiredState& desired,
                                           ports::Ports& ports, PassOutcome& out) {
  SessionView session;
  session.session_id = in.spec.session_id.value_or("");
  if (in.spec.create && !find_created(in, ports, session, out)) {
    return std::nullopt;
  }
  out.session_id = session.session_id;
  const auto remembered_id =
      session.exists() ? session.session_id : observe::synthetic_id(in.owner, in.spec.name);
  session.inventory = ports.store.load(remembered_id);
  auto changes = observe::forget_other_owner(session.inventory, session.session_id, in.owner);
  if (session.exists()) {
    auto seen = list_and_identify(in, desired, ports, session, out);
    if (!seen) {
      return std::nullopt;
    }
    append(changes, std::move(*seen));
  }
  append(changes, observe::expire_refusals(session.inventory, remembered_id, ports.loop.now()));
  if (!in.dry_run && !changes.empty()) {
    session.recording = Recording(std::move(changes), ports.store);
    session.inventory = ports.store.load(remembered_id);
  }
  return session;
}

}  // namespace sessync::pass
