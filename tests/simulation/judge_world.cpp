#include <algorithm>

#include "reconciler/observe/marker.h"
#include "reconciler/plan/describe.h"
#include "tests/simulation/world.h"

/// The promises, as far as they can be judged from the state of the world.
namespace sessync::simulation {

void World::note_adoptable(const manifest::SessionSpec& spec) {
  if (spec.on_conflict != manifest::OnConflict::kAdopt) {
    return;
  }
  for (const auto& session : model.sessions()) {
    for (const auto& row : session.resources) {
      if (marker_of(row.filename)) {
        may_be_adopted.insert(row.id);
      }
    }
  }
}

/// An upload whose name and bytes disagree never exists.
void World::judge_uploads() {
  const auto all = model.uploads();
  for (const auto& file : all) {
    const auto marker = marker_of(file.filename);
    if (!marker || !owners.contains(marker->owner) || file.content.bytes == nullptr) {
      continue;
    }
    const bool is_packed = file.content.bytes->starts_with(packed_bytes(marker->digest_prefix));
    if (!is_packed && !observe::marker_matches(*marker, file.content.sha256)) {
      violated("exact bytes: " + file.filename + " holds other bytes");
    }
  }
}

void World::judge_outcome(const pass::PassInput& input, const pass::PassOutcome& outcome) {
  const bool is_silent = outcome.plan.empty() && outcome.plan.blocked.empty();
  auto said = is_silent ? std::string()
                        : plan::describe(plan::PlanHeader{input.spec.name, outcome.session_id},
                                         outcome.plan, true);
  for (const auto& warning : outcome.warnings) {
    said += warning;
  }
  for (const auto& result : outcome.results) {
    said += result.error;
  }
  if (outcome.error) {
    said += outcome.error->message;
  }
  if (said.find(kCanary) != std::string::npos) {
    violated("no secret in any output: " + said);
  }
  if (outcome.settled() && !outcome.suspended && model.get_session(outcome.session_id)) {
    judge_duplicates(outcome.session_id, input.owner);
  }
}

/// Never two of ours on one path. After a lost state a list that lags can hide what was added.
void World::judge_duplicates(const std::string& session_id, const std::string& owner) {
  if (lost_state) {
    return;
  }
  std::set<manifest::MountPath> seen;
  for (const auto& row : model.file_rows(session_id)) {
    const auto marker = marker_of(row.filename);
    const bool ours = !foreign.contains(row.id) && marker && marker->owner == owner;
    if (ours && !seen.insert(manifest::MountPath::of_file(row.mount_path)).second) {
      violated("two of ours on one path: " + row.mount_path + " of " + session_id);
    }
  }
}

}  // namespace sessync::simulation
