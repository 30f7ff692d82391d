#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <system_error>

#include <catch2/catch.hpp>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

namespace fs = std::filesystem;

/// A child process that commits for ever and says after each commit that it is durable.
class CommittingChild {
 public:
  explicit CommittingChild(const std::string& directory) {
    REQUIRE(::pipe(pipe_.data()) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      run(directory);
    }
    ::close(pipe_[1]);
  }
  CommittingChild(const CommittingChild&) = delete;
  CommittingChild& operator=(const CommittingChild&) = delete;
  ~CommittingChild() { kill_and_count(); }

  void wait_for_commits(int count) {
    char byte = 0;
    while (reported_ < count && ::read(pipe_[0], &byte, 1) == 1) {
      ++reported_;
    }
    REQUIRE(reported_ == count);
  }

  /// How many commits it reported before the kill.
  int kill_and_count() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = -1;
      char byte = 0;
      while (::read(pipe_[0], &byte, 1) == 1) {
        ++reported_;
      }
      ::close(pipe_[0]);
    }
    return reported_;
  }

 private:
  [[noreturn]] void run(const std::string& directory) {
    try {
      const auto state = open_state(directory);
      for (int i = 0;; ++i) {
        // Two changes in one commit: both or none.
        const bool durable =
            commit(*state.database,
                   {ports::change::PutTombstone{kSession, {"t" + std::to_string(i), at(i)}},
                    ports::change::PutRefusal{kSession,
                                              {"/r" + std::to_string(i), "", "", "", at(i)}}})
                .has_value();
        if (!durable || ::write(pipe_[1], "x", 1) != 1) {
          ::_exit(1);
        }
      }
    } catch (...) {
      ::_exit(1);
    }
  }

  std::array<int, 2> pipe_{};
  pid_t pid_ = -1;
  int reported_ = 0;
};

TEST_CASE("What was reported durable is there after kill -9") {
  for (const int count : {0, 1, 7, 60}) {
    const TempDirectory directory;
    CommittingChild child(directory.path());
    child.wait_for_commits(count);
    const int reported = child.kill_and_count();

    // The crashed state can be read as it is, before anybody repairs it ...
    const auto reader = state::StateDatabase::open_read_only(directory.path(), at(0));
    REQUIRE(reader);
    const auto seen = (*reader)->load(kSession).tombstones.size();
    // ... and opened.
    const auto state = open_state(directory.path());
    const ports::Inventory inventory = state.database->load(kSession);
    CAPTURE(count, reported, inventory.tombstones.size());
    CHECK(state.database->warnings().empty());
    CHECK(inventory.tombstones.size() == seen);
    CHECK(inventory.tombstones.size() >= static_cast<std::size_t>(reported));
    CHECK(inventory.tombstones.size() <= static_cast<std::size_t>(reported) + 1);
    CHECK(inventory.refusals.size() == inventory.tombstones.size());
  }
}

/// A file system of its own with little room.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = ::mount("none", path.c_str(), "tmpfs", 0, "size=512k,mode=0700") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) {
      ::umount2(path_.c_str(), MNT_DETACH);
    }
  }
  [[nodiscard]] bool mounted() const { return mounted_; }

  void fill() const {
    std::ofstream ballast(path_ + "/ballast", std::ios::binary);
    const std::string block(4096, 'x');
    while (ballast.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void make_room() const { fs::remove(path_ + "/ballast"); }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST_CASE("A full disk fails commits without spoiling what is kept, and passes") {
  const TempDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) {
    WARN("no right to mount a small file system: not tested");
    return;
  }
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database, tombstone("before")));
    disk.fill();
    int failed = 0;
    while (failed < 3) {  // what fits into the files as they are still succeeds
      const std::string large(20'000, 'x');
      const auto outcome = commit(*state.database, tombstone(large + std::to_string(failed)));
      if (!outcome) {
        ++failed;
        CHECK_THAT(outcome.error().message, Catch::Contains("state.db") && Catch::Contains("full"));
        CHECK(state.database->trouble()->why.no_room);
      } else {
        REQUIRE(commit(*state.database, {ports::change::DropTombstone{kSession, large + "0"}}));
        disk.fill();
      }
    }
    // Taken back in memory too: it equals what is on disk.
    CHECK(state.database->load(kSession).tombstones.size() == 1);
    disk.make_room();
    REQUIRE(commit(*state.database, tombstone("after")));
    CHECK_FALSE(state.database->trouble());
    CHECK(state.database->load(kSession).tombstones.size() == 2);
  }
  const auto state = open_state(directory.path());
  const auto tombstones = state.database->load(kSession).tombstones;
  REQUIRE(tombstones.size() == 2);
  CHECK(tombstones[0].resource_id == "after");
  CHECK(tombstones[1].resource_id == "before");
}

TEST_CASE("A worker that writes to a full disk is told so, and whoever is told may ask") {
  const TempDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) {
    WARN("no right to mount a small file system: not tested");
    return;
  }
  const auto state = open_state(directory.path());
  REQUIRE(commit(*state.database, tombstone("before")));
  disk.fill();
  std::atomic<int> told{0};
  std::size_t seen = 0;
  state.database->watch([&] {
    seen = state.database->load(kSession).tombstones.size();
    told += state.database->trouble() ? 1 : 0;
  });
  bool answered = false;
  state.database->commit(
      tombstone(std::string(400'000, 'x')),
      [&](const auto& durable) {
        CHECK_FALSE(durable);
        CHECK(state.database->load(kSession).tombstones.size() == 1);
        answered = true;
      },
      state::StateDatabase::Begin::kSoon);
  state.database->write_here();
  state.database->flush();
  state.database->watch({});
  CHECK(answered);
  CHECK(told >= 1);
  CHECK(seen >= 1);
  disk.make_room();
  REQUIRE(commit(*state.database, tombstone("after")));
  CHECK(state.database->load(kSession).tombstones.size() == 2);
}

TEST_CASE("Commits that wait behind a failed one are kept") {
  const TempDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) {
    WARN("no right to mount a small file system: not tested");
    return;
  }
  const auto state = open_state(directory.path());
  REQUIRE(commit(*state.database, tombstone("before")));
  disk.fill();
  // The failing commit makes room when it is answered; the one behind it then succeeds.
  std::atomic<int> failed{0};
  state.database->commit(tombstone(std::string(400'000, 'x')), [&](const auto& durable) {
    failed += durable ? 0 : 1;
    disk.make_room();
    state.database->commit(tombstone("behind"),
                           [&](const auto& second) { failed += second ? 0 : 1; });
  });
  state.database->flush();
  CHECK(failed == 1);
  CHECK(state.database->load(kSession).tombstones.size() == 2);
}

TEST_CASE("An upload that could not be saved stays known, and is saved with what can be") {
  const TempDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) {
    WARN("no right to mount a small file system: not tested");
    return;
  }
  const ports::Upload upload{"me", "digest", "file_1", "name", 5, at(1), at(1)};
  const std::string large(400'000, 'x');
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database,
                   {ports::change::PutUpload{{"me", "old", "file_0", "", 1, {}, {}}}}));
    disk.fill();
    std::vector<ports::Change> changes = tombstone(large);
    changes.emplace_back(ports::change::PutUpload{upload});
    changes.emplace_back(ports::change::DropUpload{"me", "file_0"});
    REQUIRE_FALSE(commit(*state.database, changes));
    CHECK(state.database->load(kSession).tombstones.empty());
    CHECK(state.database->uploads("me") == std::vector{upload});
    disk.make_room();
    REQUIRE(commit(*state.database, tombstone("after")));
  }
  const auto state = open_state(directory.path());
  CHECK(state.database->uploads("me") == std::vector{upload});
  CHECK(state.database->load(kSession).tombstones.size() == 1);
}

/// Waits until the database tells of a change that makes `arrived` true.
template <class Arrived>
void await_change(state::StateDatabase& database, const Arrived& arrived) {
  std::mutex mutex;
  std::condition_variable told;
  std::unique_lock lock(mutex);
  database.watch([&] {
    const std::lock_guard inside(mutex);
    told.notify_all();
  });
  REQUIRE(told.wait_for(lock, std::chrono::minutes(1), arrived));
  lock.unlock();
  database.watch({});
}

TEST_CASE("That there is room again is found out although nobody writes") {
  const TempDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) {
    WARN("no right to mount a small file system: not tested");
    return;
  }
  const auto state = open_state(directory.path());
  REQUIRE(commit(*state.database, tombstone("before")));
  disk.fill();
  REQUIRE_FALSE(commit(*state.database, tombstone(std::string(400'000, 'x'))));
  CHECK(state.database->trouble()->is_open);
  disk.make_room();
  await_change(*state.database, [&] { return !state.database->trouble(); });
}

TEST_CASE("A state without room is read, refuses every commit, and is opened once there is room") {
  const TempDirectory directory;
  const SmallDisk disk(directory.path());
  if (!disk.mounted()) {
    WARN("no right to mount a small file system: not tested");
    return;
  }
  const std::string workspace = directory / "workspace";
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database, tombstone("before")));
    REQUIRE(state.database->set_suspension("s", state::Suspension{"ann", at(1)}));
  }
  const bool damaged = GENERATE(false, true);
  if (damaged) {
    std::ofstream(directory / "state.db", std::ios::binary) << std::string(8192, 'x');
  }
  disk.fill();
  using OnFullDisk = state::StateDatabase::OnFullDisk;
  const auto refused =
      state::StateDatabase::open_directory(directory.path(), workspace, OnFullDisk::kRefuse);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().no_room);
  const auto opened =
      state::StateDatabase::open_directory(directory.path(), workspace, OnFullDisk::kWait);
  REQUIRE(opened);
  auto& database = **opened;
  CHECK_FALSE(state::StateLock::acquire(directory.path()));
  REQUIRE(database.trouble());
  CHECK_FALSE(database.trouble()->is_open);
  CHECK(database.trouble()->is_known == !damaged);
  CHECK(database.suspensions().contains("s") == !damaged);
  CHECK(database.load(kSession).tombstones.size() == (damaged ? 0 : 1));
  const auto lost = commit(database, tombstone("lost"));
  REQUIRE_FALSE(lost);
  CHECK(lost.error().no_room);
  CHECK(database.load(kSession).tombstones.size() == (damaged ? 0 : 1));
  const ports::Upload upload{"me", "digest", "file_1", "name", 5, at(1), at(1)};
  CHECK_FALSE(commit(database, {ports::change::PutUpload{upload}}));
  disk.make_room();
  await_change(database, [&] { return !database.trouble(); });
  REQUIRE(commit(database, tombstone("after")));
  CHECK(database.load(kSession).tombstones.size() == (damaged ? 1 : 2));
  CHECK(database.uploads("me") == std::vector{upload});
  CHECK(database.suspensions().contains("s") == !damaged);
  CHECK(database.warnings().size() == (damaged ? 1 : 0));
  const auto reader = state::StateDatabase::open_read_only(directory.path(), at(10));
  REQUIRE(reader);
  CHECK((*reader)->uploads("me") == std::vector{upload});
}

TEST_CASE("A state directory that is deleted under a running daemon does not stop it") {
  const TempDirectory directory;
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database, tombstone("a")));
    for (const auto& name : directory.names()) {
      fs::remove(directory / name);
    }
    REQUIRE(commit(*state.database, tombstone("b")));
    CHECK(state.database->load(kSession).tombstones.size() == 2);
  }
  const auto state = open_state(directory.path());
  CHECK(state.database->warnings().empty());
  REQUIRE(commit(*state.database, tombstone("c")));
}

}  // namespace
}  // namespace sessync
