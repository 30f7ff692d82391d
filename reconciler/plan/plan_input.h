#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/desired/desired.h"
#include "reconciler/limits.h"
#include "reconciler/observe/observed.h"
#include "reconciler/plan/plan.h"
#include "reconciler/tokens/rotation_decision.h"

namespace sessync::plan {

/// What the manifest, or somebody who read a plan, allows.
struct Policy {
  manifest::Prune prune = manifest::Prune::kOwned;
  manifest::OnConflict on_conflict = manifest::OnConflict::kBlock;
  manifest::MaxDeletes max_deletes;
  std::uint64_t max_files = reconciler::kUsualMaxFiles;  ///< file rows, whoever put them there
  std::optional<std::string> allow_deletes;              ///< the Held::id that may pass, once
};

/// Everything that a plan depends on. What it refers to outlives it, and is not changed meanwhile.
struct PlanInput {
  const desired::DesiredState& desired;
  const observe::ObservedState& observed;
  /// Declared file ids that were looked up; one that is missing here does not exist (or was not
  /// needed).
  std::map<std::string, ports::FileMetadata> uploads{};
  /// Declared file ids that cannot be mounted, and why.
  std::map<std::string, std::string> missing_uploads{};
  /// Declared file ids of which nothing is known in this pass, and why.
  std::map<std::string, std::string> unknown_uploads{};
  std::vector<ports::Refusal> refusals{};  ///< those that still count
  std::uint64_t most_files = 0;            ///< the most file rows the session was seen to hold
  bool try_beyond = false;  ///< it is time to see whether a full session takes one more
  /// Of declared repositories that have a token.
  std::map<manifest::MountPath, tokens::Rotation> rotations{};
  SessionChange session{};   ///< what is to be done to it; settle_session() may withdraw it
  std::string session_id{};  ///< "" if it is still to be created
};

}  // namespace sessync::plan
