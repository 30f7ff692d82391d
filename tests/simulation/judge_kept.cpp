#include <algorithm>

#include "reconciler/observe/marker.h"
#include "tests/simulation/near.h"
#include "tests/simulation/watched_api.h"

/// What must not leave a session, and what must not be tried again.
namespace sessync::simulation {
namespace {

constexpr ports::Duration kRefusalIsRemembered = std::chrono::hours(1);

}  // namespace

/// A first look without state that meets nothing of ours where the manifest declares something.
void WatchedApi::note_doubt(const std::string& session_id) {
  const auto inventory = world_.store.load(session_id);
  const bool is_first_look =
      !inventory.taken_over && inventory.rows.empty() && inventory.intents.empty();
  const auto& switches = world_.model.switches();
  const bool is_hidden = world_.now() < world_.hidden_until ||
                         switches.resource_list_lag + switches.file_list_lag > ports::Duration{0};
  if (!is_first_look || is_hidden || !world_.model.get_session(session_id)) {
    return;
  }
  std::set<std::string> ours;
  bool any_placed = false;
  for (const auto& row : world_.model.file_rows(session_id)) {
    const auto path = manifest::MountPath::of_file(row.mount_path);
    any_placed = any_placed || is_lost(path) || desired().keeps(path) ||
                 (is_ours(row) && desired().files.contains(path));
    if (is_ours(row)) {
      ours.insert(row.id);
    }
  }
  if (!any_placed) {
    world_.doubted[session_id].merge(ours);
  }
}

void WatchedApi::judge_doubt(const std::string& session_id, const model::Resource& row) {
  auto& doubted = world_.doubted[session_id];
  if (input_.allow_deletes) {
    doubted.clear();  // somebody has looked
  }
  // Under another owner since: what is not ours is for `prune: all` and the guard to judge.
  if (doubted.contains(row.id) && is_ours(row)) {
    world_.violated("never wipes by accident: " + row.mount_path +
                    " is deleted although the session may be another manifest's");
  }
}

/// What was refused for good is left alone, unless something has changed.
void WatchedApi::judge_repetition(const ports::AddFile& request) {
  const auto wanted = desired().files.find(manifest::MountPath::of_file(request.mount_path));
  const auto upload = world_.model.get_file(request.file_id);
  if (wanted == desired().files.end() || !upload || !world_.model.get_session(request.session_id)) {
    return;
  }
  const auto* local = wanted->second.local();
  const auto marker = world_.marker_of(upload->filename);
  if (local != nullptr && !(marker && observe::marker_matches(*marker, local->sha256))) {
    return;  // something else is put back
  }
  const auto rows = world_.model.file_rows(request.session_id).size();
  for (const auto& refusal : world_.store.load(request.session_id).refusals) {
    const bool is_same =
        refusal.path == wanted->first.text() && refusal.content == wanted->second.content_key();
    // What a lagging list leaves out of others' rows, or of ours once the state is lost, nobody
    // can count.
    const bool may_be_miscounted =
        refusal.rows > 0 && world_.model.switches().resource_list_lag > ports::Duration{0};
    if (is_same && !may_be_miscounted && world_.now() - refusal.at < kRefusalIsRemembered &&
        rows >= refusal.rows) {
      world_.violated("what was refused is not tried in a loop: " + request.mount_path);
    }
  }
}

/// What is declared, if only at another path, does not leave the session.
void WatchedApi::judge_moved(const std::string& session_id, const model::Resource& row) {
  const auto path = manifest::MountPath::of_file(row.mount_path);
  const auto marker = world_.marker_of(row.filename);
  if (!is_ours(row) || is_declared_near(path)) {
    return;
  }
  const auto moved = std::ranges::find_if(desired().files, [&](const auto& file) {
    const auto* local = file.second.local();
    return local != nullptr && marker && observe::marker_matches(*marker, local->sha256);
  });
  const auto rows = world_.model.file_rows(session_id);
  const bool is_there = std::ranges::any_of(
      rows, [&](const auto& other) { return other.content.sha256 == row.content.sha256; });
  if (moved != desired().files.end() && !is_there) {
    world_.violated("what is declared does not leave a session: " + row.mount_path +
                    " is gone, and its content is not at " + moved->first.text());
  }
}

void WatchedApi::judge_end(const pass::PassOutcome& outcome) {
  const auto session = world_.model.get_session(outcome.session_id);
  const bool is_undisturbed = world_.losses == losses_before_ && session && !session->archived_at;
  if (!outcome.executed || !outcome.settled() || !is_undisturbed || input_.allow_deletes) {
    return;
  }
  for (const auto& row : rows_before_[outcome.session_id]) {
    judge_moved(outcome.session_id, row);
  }
}

}  // namespace sessync::simulation
