#include "tests/simulation/final_state.h"

#include <algorithm>

#include "reconciler/apply/room_gate.h"
#include "reconciler/limits.h"
#include "reconciler/observe/marker.h"
#include "reconciler/plan/describe.h"
#include "tests/simulation/limits.h"
#include "tests/simulation/near.h"

namespace sessync::simulation {
namespace {

bool is_blocked_near(const pass::PassOutcome& outcome, const manifest::MountPath& path) {
  return std::ranges::any_of(outcome.plan.blocked, [&](const desired::Blocked& blocked) {
    return is_near(blocked.path, path);
  });
}

bool is_declared(const desired::DesiredState& desired, const observe::Marker& marker) {
  return std::ranges::any_of(desired.files, [&](const auto& file) {
    const auto* local = file.second.local();
    return local != nullptr && observe::marker_matches(marker, local->sha256);
  });
}

}  // namespace

std::size_t FinalState::writes() const {
  std::size_t sum = 0;
  for (const auto& api : world_.apis) {
    sum += api->calls.writes();
  }
  return sum;
}

pass::PassOutcome FinalState::pass(const manifest::SessionSpec& spec,
                                   const std::string& allow_deletes, bool dry_run) {
  pass::PassOutcome result;
  Daemon::Order order{spec, daemon_.owner(), allow_deletes, dry_run};
  order.waits_for_reads = true;
  daemon_.begin_pass(order, [&](const pass::PassOutcome& outcome) { result = outcome; });
  finish_();
  return result;
}

void FinalState::judge() {
  for (const auto& spec : daemon_.sessions()) {
    judge_session(spec);
  }
  judge_created();
  judge_garbage();
}

void FinalState::judge_session(const manifest::SessionSpec& spec) {
  auto outcome = pass(spec, "", true);
  const auto session = world_.model.get_session(outcome.session_id);
  const bool is_gone = !outcome.session_id.empty() && (!session || session->archived_at);
  if (spec.suspend || outcome.terminal || is_gone || is_too_large_to_create(spec, outcome)) {
    return;
  }
  if (is_key_in_doubt(outcome)) {
    return;
  }
  if (outcome.error) {
    return world_.violated("converges: " + spec.name + " fails: " + outcome.error->message);
  }
  // What the guard holds back is let through as an operator would do it.
  for (int tries = 0; outcome.plan.held && tries < 3; ++tries) {
    pass(spec, outcome.plan.held->id, false);
    outcome = pass(spec, "", true);
  }
  // A token may have become due just now, and what was refused before be refused again, as may what
  // is put back in its place by the pass after that.
  bool settled = false;
  for (int tries = 0; !settled && tries < 3; ++tries) settled = pass(spec, "", false).settled();
  outcome = pass(spec, "", true);
  judge_rest(spec);
  if (!world_.violation) {
    judge_paths(spec, outcome);
    judge_room(spec, outcome);
    judge_leftovers(spec, outcome);
    judge_words(spec, outcome);
    judge_tokens(spec, outcome);
  }
}

/// Somebody forged a marker where nothing of ours is, so nothing tells that the key is the right
/// one.
bool FinalState::is_key_in_doubt(const pass::PassOutcome& outcome) const {
  if (!outcome.error || outcome.error->code != errors::SessionError::Code::kWrongMarkerKey) {
    return false;
  }
  bool is_forged = false;
  for (const auto& row : world_.model.file_rows(outcome.session_id)) {
    const auto marker = world_.marker_of(row.filename);
    if (marker && marker->owner == daemon_.owner()) {
      return false;
    }
    const auto claim = observe::decode_marker(row.filename);
    is_forged |= claim && !claim->seal.empty() && claim->owner == daemon_.owner();
  }
  return is_forged;
}

/// A session is created with all that it has, or not at all.
bool FinalState::is_too_large_to_create(const manifest::SessionSpec& spec,
                                        const pass::PassOutcome& outcome) {
  workspace::DigestCache fresh;
  return outcome.session_id.empty() &&
         desired::resolve(spec, world_.disk.scan(spec, fresh, true)).files.size() >
             world_.model.switches().file_cap;
}

/// An empty plan, and no write in the next pass.
void FinalState::judge_rest(const manifest::SessionSpec& spec) {
  const auto outcome = pass(spec, "", true);
  if (!outcome.plan.empty() || !outcome.plan.pending.empty() || outcome.pass_again) {
    return world_.violated(
        "converges: the plan of " + spec.name + " is not empty: " +
        plan::describe(plan::PlanHeader{spec.name, outcome.session_id}, outcome.plan, false));
  }
  const auto before = writes();
  const auto again = pass(spec, "", false);
  if (writes() != before) {
    world_.violated("converges: a pass over the converged session " + spec.name + " writes");
  }
  if (!again.settled()) {
    world_.violated("converges: the last pass of " + spec.name + " is not settled");
  }
}

void FinalState::judge_paths(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome) {
  workspace::DigestCache fresh;
  const auto desired = desired::resolve(spec, world_.disk.scan(spec, fresh, true));
  for (const auto& [path, wanted] : desired.files) {
    if (!is_blocked_near(outcome, path)) {
      judge_path(outcome.session_id, wanted);
    }
  }
  for (const auto& blocked : outcome.plan.blocked) {
    judge_missing(desired, blocked);
    const bool conflict = blocked.code == desired::BlockCode::kConflict;
    const bool explained =
        !conflict || std::ranges::any_of(
                         world_.model.session(outcome.session_id).resources, [&](const auto& row) {
                           const auto marker = world_.marker_of(row.filename);
                           const bool ours = marker && marker->owner == daemon_.owner() &&
                                             !world_.foreign.contains(row.id);
                           const auto path = manifest::MountPath::of_file(row.mount_path);
                           // A renamed file stays at its old path while the new one is blocked.
                           const bool is_old_place = ours && path == blocked.path &&
                                                     !desired.files.contains(path) &&
                                                     is_declared(desired, *marker);
                           return is_old_place || (!ours && is_near(path, blocked.path));
                         });
    // Of so small a session a refusal alone is not believed to be about room.
    const bool may_be_full = world_.model.switches().file_cap < reconciler::kFewestOfFull;
    const bool is_suspected = blocked.code == desired::BlockCode::kSecretSuspected;
    if (!explained || (is_suspected && desired.withheld.empty()) ||
        blocked.code == desired::BlockCode::kOwnerConflict ||
        (blocked.code == desired::BlockCode::kRefused && !may_be_full)) {
      world_.violated("converges: " + blocked.path.text() + " of " + spec.name +
                      " is blocked for no reason that is left: " + blocked.reason);
    }
  }
}

/// An upload is missed only where it is not there: what is said of one id concerns no other.
void FinalState::judge_missing(const desired::DesiredState& desired,
                               const desired::Blocked& blocked) {
  const auto wanted = desired.files.find(blocked.path);
  if (blocked.code != desired::BlockCode::kFileNotFound || wanted == desired.files.end() ||
      wanted->second.local() != nullptr) {
    return;
  }
  const auto file = world_.model.get_file(wanted->second.content_key());
  if (file && !(file->expires_at && *file->expires_at <= world_.now())) {
    world_.violated("converges: " + blocked.path.text() +
                    " is blocked although its upload is there: " + blocked.reason);
  }
}

/// A session is not called full as long as it is not.
void FinalState::judge_room(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome) {
  const auto is_quota = [](const desired::Blocked& one) {
    return one.code == desired::BlockCode::kQuota;
  };
  const auto blocked =
      static_cast<std::size_t>(std::ranges::count_if(outcome.plan.blocked, is_quota));
  if (blocked == 0 || outcome.session_id.empty()) {
    return;
  }
  const auto rows = world_.model.file_rows(outcome.session_id).size();
  // What is blocked for another reason counts as declared.
  workspace::DigestCache fresh;
  const auto uncollected = desired::resolve(spec, world_.disk.scan(spec, fresh, true)).uncollected;
  const bool is_by_manifest = rows + outcome.plan.blocked.size() + uncollected > spec.max_files;
  if (!is_by_manifest && rows < world_.model.switches().file_cap) {
    world_.violated("converges: " + std::to_string(blocked) + " files of " + spec.name +
                    " are missing although there is room");
  }
}

/// The declared path holds the declared content, once.
void FinalState::judge_path(const std::string& session_id, const desired::DesiredFile& wanted) {
  const auto* local = wanted.local();
  auto expected = local == nullptr || local->archive == nullptr
                      ? wanted.content_key()
                      : model::sha256_hex(packed_bytes(local->sha256));
  if (local != nullptr && local->archive == nullptr) {
    expected = model::sha256_hex(world_.disk.bytes(local->path).value_or(""));
  }
  std::size_t rows = 0;
  bool holds = false;
  for (const auto& row : world_.model.file_rows(session_id)) {
    if (manifest::MountPath::of_file(row.mount_path) == wanted.path) {
      rows += world_.foreign.contains(row.id) ? 0U : 1U;
      holds = holds || row.content.sha256 == expected || row.upload_id == expected ||
              row.file_id == expected || local == nullptr;
    }
  }
  // Nothing tells our row of somebody's upload from another, once the state is lost.
  const bool may_be_twice = local == nullptr && world_.lost_state;
  if (!holds || (rows > 1 && !may_be_twice)) {
    world_.violated("converges: " + wanted.path.text() + " of " + session_id + " is there " +
                    std::to_string(rows) + " times, with " + (holds ? "" : "not ") +
                    "the declared content");
  }
}

/// Nothing of ours stays that is not declared.
void FinalState::judge_leftovers(const manifest::SessionSpec& spec,
                                 const pass::PassOutcome& outcome) {
  if (spec.prune == manifest::Prune::kNone) {
    return;
  }
  workspace::DigestCache fresh;
  const auto desired = desired::resolve(spec, world_.disk.scan(spec, fresh, true));
  for (const auto& row : world_.model.file_rows(outcome.session_id)) {
    const auto marker = world_.marker_of(row.filename);
    const auto path = manifest::MountPath::of_file(row.mount_path);
    const bool ours =
        !world_.foreign.contains(row.id) && marker && marker->owner == daemon_.owner();
    if (ours && !desired.files.contains(path) && !desired.keeps(path) &&
        !is_blocked_near(outcome, path)) {
      world_.violated("converges: " + row.mount_path + " of " + spec.name +
                      " is still there though nothing declares it");
    }
  }
}

/// Title and declared metadata, where the session is sessync's own.
void FinalState::judge_words(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome) {
  if (!spec.create || outcome.session_id.empty()) {
    return;
  }
  const auto& session = world_.model.session(outcome.session_id);
  const bool has_all = std::ranges::all_of(spec.create->metadata, [&](const auto& pair) {
    const auto found = session.metadata.find(pair.first);
    return found != session.metadata.end() && found->second == pair.second;
  });
  if (!has_all || session.title != spec.create->title) {
    world_.violated("converges: title or metadata of " + spec.name + " are not as declared");
  }
}

void FinalState::judge_tokens(const manifest::SessionSpec& spec, const pass::PassOutcome& outcome) {
  for (const auto& entry : spec.resources) {
    const auto* repository = std::get_if<manifest::RepositoryResource>(&entry.what);
    if (repository == nullptr) {
      continue;
    }
    for (const auto& row : world_.model.repositories(outcome.session_id)) {
      const bool is_blocked =
          is_blocked_near(outcome, manifest::MountPath::literal(row.mount_path));
      if (row.url == repository->url && !is_blocked && row.token != world_.tokens.token(row.url)) {
        world_.violated("converges: " + row.url + " of " + spec.name + " has an old token");
      }
      if (row.url == repository->url) {
        judge_refused_token(outcome, row);
      }
    }
  }
}

/// GitHub's refusal of the token that the session has is noticed, and that of one before it is not
/// held against it.
void FinalState::judge_refused_token(const pass::PassOutcome& outcome, const model::Resource& row) {
  ports::TimePoint refused{};
  for (const auto& event : world_.model.session(outcome.session_id).events) {
    if (event.json.find(row.url) != std::string::npos) {
      refused = std::max(refused, event.processed_at);
    }
  }
  const bool is_blocked =
      std::ranges::any_of(outcome.plan.blocked, [&](const desired::Blocked& blocked) {
        return blocked.code == desired::BlockCode::kSecretUnavailable &&
               blocked.path == manifest::MountPath::literal(row.mount_path);
      });
  if (refused > row.token_at &&
      !is_blocked_near(outcome, manifest::MountPath::literal(row.mount_path))) {
    world_.violated("a token that GitHub refused is noticed: " + row.url);
  }
  // It may have been refused while the next one was on its way.
  if (refused + kMostLag < row.token_at && is_blocked) {
    world_.violated("a token is refused by what was said of the one before it: " + row.url);
  }
}

/// However many answers were lost, a declared session was made once.
void FinalState::judge_created() {
  if (world_.lost_state) {
    return;  // with it went that a create was under way
  }
  std::map<std::string, int> live;
  for (const auto& session : world_.model.sessions()) {
    const auto key = session.metadata.find("sessync_key");
    if (key != session.metadata.end() && !session.archived_at && ++live[key->second] > 1) {
      world_.violated("a session was created twice: " + key->second);
    }
  }
}

/// True if all that nothing needs was found and deleted, as far as the product can know.
bool FinalState::collect_garbage() {
  // NOLINTBEGIN(misc-const-correctness): all of them are changed, by calls it does not see through
  workspace::DigestCache fresh;
  const auto specs = daemon_.sessions();
  std::vector<gc::GarbageSession> sessions;
  sessions.reserve(specs.size());
  for (const auto& spec : specs) {
    sessions.push_back({spec, world_.disk.scan(spec, fresh, true), false});
  }
  bool is_certain = false;
  // NOLINTEND(misc-const-correctness)
  daemon_.begin([this, &sessions, &is_certain](ports::Ports& ports) {
    const auto found = gc::find_garbage(daemon_.owner(), sessions, ports);
    is_certain = found.doubts.empty();
    gc::delete_garbage(daemon_.owner(), found.uploads, ports);
  });
  finish_();
  return is_certain && !has_open_writes_for_ever();
}

/// What is open in a session that can be changed no more counts as needed as long as the manifest
/// names the session.
bool FinalState::has_open_writes_for_ever() const {
  const auto specs = daemon_.sessions();
  return std::ranges::any_of(world_.model.sessions(),
                             [](const auto& session) { return session.archived_at.has_value(); }) ||
         std::ranges::any_of(specs, [this](const manifest::SessionSpec& spec) {
           return spec.session_id && !world_.model.get_session(*spec.session_id);
         });
}

/// Somebody may be about to use what was uploaded just now, whatever anybody's clock says.
void FinalState::judge_young_upload() {
  model::NewFile young;
  young.content = model::Content::of("young");
  young.filename =
      observe::encode_marker(daemon_.owner(), young.content.sha256, "young", world_.markers.keys);
  world_.note_upload(young.filename, young.content.sha256);
  world_.advance_to(world_.now() + std::chrono::minutes(1));
  const auto uploaded = world_.model.upload(young);
  world_.advance_to(world_.now() + std::chrono::minutes(5));
  collect_garbage();
  if (uploaded && !world_.model.get_file(uploaded->id)) {
    world_.violated("garbage is an hour old: an upload of five minutes was deleted");
  }
}

/// Uploads that nothing needs are found.
void FinalState::judge_garbage() {
  judge_young_upload();
  world_.advance_to(world_.now() + std::chrono::hours(3));
  if (!collect_garbage()) {
    return;
  }
  std::set<std::string> seen;
  for (const auto& file : world_.model.uploads()) {
    const auto marker = world_.marker_of(file.filename);
    const bool ours = marker && marker->owner == daemon_.owner();
    if (ours && !seen.insert(marker->digest_prefix).second) {
      world_.violated("an upload is left over after garbage was collected: " + file.filename);
    }
  }
}

}  // namespace sessync::simulation
