#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "daemon/state/sqlite_state_store.h"
#include "tests/daemon/state/power_model.h"
#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kAnswersAtOnePoint = 24;

/// Commit `number`: a tombstone and a refusal, all or none; some are large.
std::vector<ports::Change> changes_of(std::int64_t number) {
  const std::string name = std::to_string(number);
  const std::string padding(number % 4 == 3 ? 9'000 : 10, 'x');
  return {ports::change::PutTombstone{kSession, {name, at(number)}},
          ports::change::PutRefusal{kSession, {name, padding, "", "", at(number)}}};
}

void submit(state::StateDatabase& database, std::int64_t number) {
  database.commit(changes_of(number),
                  [number](const tl::expected<ports::Done, ports::StoreError>& durable) {
                    if (durable) {
                      DiskRecorder::report(number);
                    }
                  });
}

/// Commits one after the other, several at once, through a worker's store, and across a restart
/// (which also moves the log into the database).
std::int64_t work(const std::string& directory) {
  std::int64_t number = 0;
  for (int run = 0; run < 3; ++run) {
    const auto state = open_state(directory);
    for (int i = 0; i < 3; ++i) {
      submit(*state.database, ++number);
      state.database->flush();
    }
    for (int i = 0; i < 3; ++i) {
      submit(*state.database, ++number);
    }
    state.database->flush();
    ++number;
    if (commit(*state.database, changes_of(number))) {
      DiskRecorder::report(number);
    }
  }
  return number;
}

class Replica {
 public:
  explicit Replica(const PowerModel::Disk& disk) {
    for (const auto& [name, content] : disk) {
      std::ofstream(directory_ / name, std::ios::binary) << content;
    }
    fs::permissions(directory_.path(), fs::perms::owner_all);
  }

  /// What is wrong with it; "" if it holds commits 1 to some number, of `least` to `most`, and
  /// takes more.
  std::string problem(std::int64_t least, std::int64_t most) {
    const auto state = open_state(directory_.path());
    if (!state.database->warnings().empty()) {
      return state.database->warnings().front();
    }
    const auto inventory = state.database->load(kSession);
    const auto held = static_cast<std::int64_t>(inventory.tombstones.size());
    if (held < least || held > most) {
      return std::to_string(held) + " commits, of at least " + std::to_string(least);
    }
    std::set<std::int64_t> expected;
    std::set<std::int64_t> refused;
    for (std::int64_t number = 1; number <= held; ++number) {
      expected.insert(number);
    }
    for (const auto& refusal : inventory.refusals) {
      refused.insert(std::stoll(refusal.path));
    }
    if (refused != expected) {
      return "half a commit";
    }
    return commit(*state.database, changes_of(held + 1)) ? "" : "it takes no commit";
  }

 private:
  TempDirectory directory_{TempDirectory::Where::kMemory};
};

std::size_t hash_of(const PowerModel::Disk& disk) {
  std::string all;
  for (const auto& [name, content] : disk) {
    all.append(name).append(std::to_string(content.size())).append(":").append(content);
  }
  return std::hash<std::string>{}(all);
}

/// Every disk that a power loss can leave behind, at every moment of some work.
class PowerLosses {
 public:
  PowerLosses(std::vector<DiskEvent> events, std::int64_t commits)
      : events_(std::move(events)), commits_(commits) {}

  /// The first thing that is wrong with one of them; "" if nothing is.
  std::string problem() {
    PowerModel model({"state.db"});
    std::string found = problem_at(model, 0);
    for (std::size_t moment = 0; moment < events_.size() && found.empty(); ++moment) {
      model.apply(events_[moment]);
      note(events_[moment]);
      found = problem_at(model, moment + 1);
    }
    return found;
  }
  [[nodiscard]] std::size_t disks() const { return disks_; }

 private:
  std::string problem_at(const PowerModel& model, std::size_t moment) {
    Choices choices(moment, kAnswersAtOnePoint);
    std::string found;
    do {
      const auto disk = model.lose_power(choices);
      // The same disk is asked the same again only once more has been promised.
      if (seen_.insert({hash_of(disk), reported_}).second) {
        ++disks_;
        found = Replica(disk).problem(reported_, commits_);
      }
    } while (found.empty() && choices.next());
    return found.empty() ? found
                         : "after " + std::to_string(moment) + " of " +
                               std::to_string(events_.size()) + " events: " + found;
  }
  void note(const DiskEvent& event) {
    if (event.kind == DiskEvent::Kind::kReported) {
      reported_ = std::max(reported_, event.at);
    }
  }

  std::vector<DiskEvent> events_;
  std::int64_t commits_;
  std::int64_t reported_ = 0;
  std::size_t disks_ = 0;
  std::set<std::pair<std::size_t, std::int64_t>> seen_;
};

struct Recording {
  std::vector<DiskEvent> events;
  std::int64_t commits = 0;
};

Recording record() {
  const TempDirectory directory;
  const DiskRecorder recorder;
  const std::int64_t commits = work(directory.path());
  return {DiskRecorder::events(), commits};
}

TEST_CASE("C2 after a power loss the state holds what was reported durable, and whole commits") {
  auto [events, commits] = record();
  REQUIRE(std::ranges::count(events, DiskEvent::Kind::kReported, &DiskEvent::kind) == commits);
  PowerLosses losses(std::move(events), commits);
  CHECK(losses.problem() == "");
  CHECK(losses.disks() > 1'000);
}

/// What the test above is worth: it would notice that any one kind of file is not synced.
TEST_CASE("C2 a sync that is left out is found out") {
  for (const std::string name : {"state.db", "state.db-wal"}) {
    auto [events, commits] = record();
    std::erase_if(events, [&](const DiskEvent& event) {
      return event.kind == DiskEvent::Kind::kSync && event.file == name;
    });
    CAPTURE(name);
    PowerLosses losses(std::move(events), commits);
    CHECK_FALSE(losses.problem().empty());
  }
}

/// Overwrites some sector of some file: what no crash does, but a failing disk.
void damage(PowerModel::Disk& disk, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto file = disk.begin();
  std::advance(file, random() % disk.size());
  for (int i = 0; i < 3 && !file->second.empty(); ++i) {
    const auto begin = random() % file->second.size();
    const auto end = std::min<std::size_t>(file->second.size(), begin + random() % 600);
    for (auto at = begin; at < end; ++at) {
      file->second[at] = static_cast<char>(seed % 2 == 0 ? 0 : random());
    }
  }
}

/// A database, and a log beside it with more.
PowerModel::Disk state_in_use() {
  const TempDirectory original;
  PowerModel::Disk whole;
  for (std::int64_t number = 1; number <= 80; number += 40) {
    const auto state = open_state(original.path());
    for (std::int64_t i = number; i < number + 40; ++i) {
      REQUIRE(commit(*state.database, changes_of(i)));
    }
    for (const char* const name : {"state.db", "state.db-wal"}) {
      std::ifstream in(original / name, std::ios::binary);
      whole[name] = {std::istreambuf_iterator<char>(in), {}};
    }
  }
  return whole;
}

TEST_CASE("C2 a damaged state is set aside and begun anew, at the latest by the next start") {
  const PowerModel::Disk whole = state_in_use();
  std::size_t set_aside = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    auto disk = whole;
    damage(disk, seed);
    const TempDirectory directory(TempDirectory::Where::kMemory);
    for (const auto& [name, content] : disk) {
      std::ofstream(directory / name, std::ios::binary) << content;
    }
    bool works = false;
    for (int start = 0; start < 2 && !works; ++start) {
      const auto state = open_state(directory.path());
      set_aside += state.database->warnings().size();
      works = commit(*state.database, changes_of(100)).has_value();
    }
    REQUIRE(works);
  }
  CHECK(set_aside > 10);
}

}  // namespace
}  // namespace sessync
