#include "tests/simulation/steps.h"

#include <array>
#include <numeric>
#include <utility>

#include "tests/simulation/random.h"

namespace sessync::simulation {
namespace {

using Kind = Step::Kind;

struct Known {
  Kind kind;
  const char* name;
  unsigned weight;
};

constexpr std::array<Known, kStepKinds> kKnown{{
    {Kind::kWrite, "write", 14},
    {Kind::kWriteSameSize, "write-same-size", 5},
    {Kind::kWriteOldTime, "write-old-time", 2},
    {Kind::kBeginWrite, "begin-write", 3},
    {Kind::kEndWrite, "end-write", 3},
    {Kind::kTouch, "touch", 1},
    {Kind::kRename, "rename", 6},
    {Kind::kSwap, "swap", 3},
    {Kind::kRemove, "remove", 5},
    {Kind::kRemoveTree, "remove-tree", 2},
    {Kind::kEmptyTree, "empty-tree", 2},
    {Kind::kLose, "lose", 2},
    {Kind::kLock, "lock", 2},
    {Kind::kHeal, "heal", 3},
    {Kind::kEditManifest, "edit-manifest", 7},
    {Kind::kBreakManifest, "break-manifest", 1},
    {Kind::kMendManifest, "mend-manifest", 1},
    {Kind::kForeignAdd, "foreign-add", 3},
    {Kind::kForeignDelete, "foreign-delete", 3},
    {Kind::kForeignTakesPath, "foreign-takes-path", 2},
    {Kind::kUploadDeleted, "upload-deleted", 2},
    {Kind::kUploadExpires, "upload-expires", 1},
    {Kind::kSessionRuns, "session-runs", 1},
    {Kind::kSessionIdles, "session-idles", 2},
    {Kind::kSessionArchived, "session-archived", 1},
    {Kind::kSessionDeleted, "session-deleted", 1},
    {Kind::kTokenChanges, "token-changes", 2},
    {Kind::kTokenMinted, "token-minted", 1},
    {Kind::kTokenUnreadable, "token-unreadable", 1},
    {Kind::kTokenReadable, "token-readable", 1},
    {Kind::kTokenFault, "token-fault", 1},
    {Kind::kFault, "fault", 14},
    {Kind::kFaultsEnd, "faults-end", 4},
    {Kind::kSwitches, "switches", 1},
    {Kind::kLag, "lag", 2},
    {Kind::kEventsLost, "events-lost", 1},
    {Kind::kDegraded, "degraded", 1},
    {Kind::kStoreFails, "store-fails", 2},
    {Kind::kStop, "stop", 2},
    {Kind::kCrash, "crash", 7},
    {Kind::kStateLost, "state-lost", 1},
}};

Kind draw_kind(Random& random) {
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
  return Kind::kWrite;
}

/// Most things happen while the daemon is busy with those before.
Duration draw_delay(Random& random) {
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
      return Duration(random.below(400));
    default:
      return Duration{0};
  }
}

}  // namespace

const char* to_string(Kind kind) { return kKnown.at(static_cast<std::size_t>(kind)).name; }

Scenario draw_scenario(std::uint64_t seed) {
  Random random(seed ^ 0x5CE7A210ULL);
  Scenario scenario{seed, {}};
  for (auto left = 3 + random.below(24); left > 0; --left) {
    scenario.steps.push_back({draw_kind(random), random.next(), draw_delay(random)});
  }
  return scenario;
}

}  // namespace sessync::simulation
