#include "tests/simulation/steps.h"

#include <array>
#include <numeric>
#include <utility>

#include "tests/simulation/random.h"

namespace sessync::simulation {
namespace {

using StepKind = Step::Kind;

struct Known {
  StepKind kind;
  const char* name;
  unsigned weight;
};

constexpr std::array<Known, kStepKinds> kKnown{{
    {StepKind::kWrite, "write", 14},
    {StepKind::kWriteSameSize, "write-same-size", 5},
    {StepKind::kWriteOldTime, "write-old-time", 2},
    {StepKind::kBeginWrite, "begin-write", 3},
    {StepKind::kEndWrite, "end-write", 3},
    {StepKind::kTouch, "touch", 1},
    {StepKind::kRename, "rename", 6},
    {StepKind::kSwap, "swap", 3},
    {StepKind::kRemove, "remove", 5},
    {StepKind::kRemoveTree, "remove-tree", 2},
    {StepKind::kEmptyTree, "empty-tree", 2},
    {StepKind::kLose, "lose", 2},
    {StepKind::kLock, "lock", 2},
    {StepKind::kHeal, "heal", 3},
    {StepKind::kEditManifest, "edit-manifest", 7},
    {StepKind::kBreakManifest, "break-manifest", 1},
    {StepKind::kRivalWrites, "rival-writes", 0},  // see add_rival
    {StepKind::kRivalBreaks, "rival-breaks", 0},
    {StepKind::kRivalGoes, "rival-goes", 0},
    {StepKind::kMendManifest, "mend-manifest", 1},
    {StepKind::kForeignAdd, "foreign-add", 3},
    {StepKind::kForeignDelete, "foreign-delete", 3},
    {StepKind::kForeignTakesPath, "foreign-takes-path", 2},
    {StepKind::kUploadDeleted, "upload-deleted", 2},
    {StepKind::kUploadExpires, "upload-expires", 1},
    {StepKind::kSessionRuns, "session-runs", 1},
    {StepKind::kSessionIdles, "session-idles", 2},
    {StepKind::kSessionArchived, "session-archived", 1},
    {StepKind::kSessionDeleted, "session-deleted", 1},
    {StepKind::kTokenChanges, "token-changes", 2},
    {StepKind::kTokenMinted, "token-minted", 1},
    {StepKind::kTokenUnreadable, "token-unreadable", 1},
    {StepKind::kTokenReadable, "token-readable", 1},
    {StepKind::kTokenFault, "token-fault", 1},
    {StepKind::kFault, "fault", 14},
    {StepKind::kRefuse, "refuse", 3},
    {StepKind::kFaultsEnd, "faults-end", 4},
    {StepKind::kSwitches, "switches", 1},
    {StepKind::kLag, "lag", 2},
    {StepKind::kEventsLost, "events-lost", 1},
    {StepKind::kDegraded, "degraded", 1},
    {StepKind::kStoreFails, "store-fails", 2},
    {StepKind::kSuspend, "suspend", 4},
    {StepKind::kResume, "resume", 4},
    {StepKind::kStop, "stop", 2},
    {StepKind::kCrash, "crash", 7},
    {StepKind::kStateLost, "state-lost", 1},
}};

StepKind draw_kind(Random& random) {
  static const unsigned total =
      std::accumulate(kKnown.begin(), kKnown.end(), 0U,
                      [](unsigned sum, const Known& k) { return sum + k.weight; });
  auto left = random.below(total);
  for (const auto& known : kKnown) {
    if (left < known.weight) {
      return known.kind;
    }
    left -= known.weight;
  }
  return StepKind::kWrite;
}

/// Most things happen while the daemon is busy with those before.
ports::Duration draw_delay(Random& random) {
  switch (random.below(10)) {
    case 0:
      return std::chrono::minutes(5 + random.below(120));
    case 1:
      return std::chrono::seconds(20 + random.below(60));
    case 2:
    case 3:
      return std::chrono::seconds(random.below(10));
    case 4:
    case 5:
      return ports::Duration(random.below(400));
    default:
      return ports::Duration{0};
  }
}

/// In some worlds another team has a file of the manifest, too. Drawn by itself, so that all other
/// worlds stay as they are.
void add_rival(Scenario& scenario) {
  constexpr std::array kKinds{StepKind::kRivalWrites, StepKind::kRivalWrites,
                              StepKind::kRivalWrites, StepKind::kRivalBreaks,
                              StepKind::kRivalGoes,   StepKind::kStop,
                              StepKind::kCrash};
  Random random(scenario.seed ^ 0x81A1ULL);
  if (!random.one_in(5)) {
    return;
  }
  for (auto left = 1 + random.below(8); left > 0; --left) {
    const auto at = static_cast<std::ptrdiff_t>(random.below(scenario.steps.size() + 1));
    const auto kind = kKinds.at(random.below(kKinds.size()));
    const auto number = random.next();
    scenario.steps.insert(scenario.steps.begin() + at, {kind, number, draw_delay(random)});
  }
}

}  // namespace

const char* to_string(StepKind kind) { return kKnown.at(static_cast<std::size_t>(kind)).name; }

Scenario draw_scenario(std::uint64_t seed, Scenario::Ending ending) {
  Random random(seed ^ 0x5CE7A210ULL);
  Scenario scenario{seed, {}, ending};
  for (auto left = 3 + random.below(24); left > 0; --left) {
    scenario.steps.push_back({draw_kind(random), random.next(), draw_delay(random)});
  }
  add_rival(scenario);
  if (ending == Scenario::Ending::kPlan) {
    scenario.steps.resize(random.below(scenario.steps.size() + 1));
  }
  return scenario;
}

}  // namespace sessync::simulation
