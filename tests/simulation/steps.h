#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reconciler/result.h"

namespace sessync::simulation {

/// One thing that happens to the daemon's world. Which file, session or call it happens to follows
/// from `number` and from what is there at that moment, so a step means something whatever other
/// steps are left out.
struct Step {
  enum class Kind {
    // workspace
    kWrite,
    kWriteSameSize,
    kWriteOldTime,
    kBeginWrite,
    kEndWrite,
    kTouch,
    kRename,
    kSwap,
    kRemove,
    kRemoveTree,
    kEmptyTree,
    kLose,
    kLock,
    kHeal,
    // manifest
    kEditManifest,
    kBreakManifest,
    kMendManifest,
    // somebody else in the session
    kForeignAdd,
    kForeignDelete,
    kForeignTakesPath,
    kUploadDeleted,
    kUploadExpires,
    kSessionRuns,
    kSessionIdles,
    kSessionArchived,
    kSessionDeleted,
    // tokens
    kTokenChanges,
    kTokenMinted,
    kTokenUnreadable,
    kTokenReadable,
    kTokenFault,
    // the API
    kFault,
    kFaultsEnd,
    kSwitches,
    kLag,
    // the daemon
    kEventsLost,
    kDegraded,
    kStoreFails,
    kStop,
    kCrash,
    kStateLost,
  };
  Kind kind = Kind::kWrite;
  std::uint64_t number = 0;
  Duration delay{0};  ///< since the step before
};
inline constexpr int kStepKinds = static_cast<int>(Step::Kind::kStateLost) + 1;

const char* to_string(Step::Kind kind);

/// Everything that a run depends on.
struct Scenario {
  std::uint64_t seed = 0;  ///< of the initial world, and of every order that is left open
  std::vector<Step> steps;
};

Scenario draw_scenario(std::uint64_t seed);

}  // namespace sessync::simulation
