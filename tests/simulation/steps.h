#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reconciler/ports/api_error.h"

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
    kRivalWrites,
    kRivalBreaks,
    kRivalGoes,
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
    kRefuse,
    kFaultsEnd,
    kSwitches,
    kLag,
    // the daemon
    kEventsLost,
    kDegraded,
    kStoreFails,
    kSuspend,
    kResume,
    kStop,
    kCrash,
    kStateLost,
  };
  Kind kind = Kind::kWrite;
  std::uint64_t number = 0;
  ports::Duration delay{0};  ///< since the step before
};
inline constexpr int kStepKinds = static_cast<int>(Step::Kind::kStateLost) + 1;

const char* to_string(Step::Kind kind);

/// Everything that a run depends on.
struct Scenario {
  enum class Ending {
    kPeace,  ///< faults end, time passes: everything must be as declared
    kPlan,   ///< the daemon ends; what a plan says of each session must be what an apply then does
  };
  std::uint64_t seed = 0;  ///< of the initial world, and of every order that is left open
  std::vector<Step> steps;
  Ending ending = Ending::kPeace;
};

/// Of the same seed: the same world, and of those that end with a plan the first of its steps.
Scenario draw_scenario(std::uint64_t seed, Scenario::Ending ending);

}  // namespace sessync::simulation
