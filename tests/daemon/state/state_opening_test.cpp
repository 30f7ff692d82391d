#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/state/state_directory.h"
#include "tests/daemon/state/state_fixture.h"

namespace sessync {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

unsigned mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

TEST_CASE("Only we can read the state") {
  const TempDirectory directory;
  const std::string home = directory / "new/state";
  const mode_t old_mask = ::umask(0);
  REQUIRE(state::prepare_state_directory(home, directory / "workspace"));
  const auto state = open_state(home);
  REQUIRE(commit(*state.database, tombstone("a")));
  ::umask(old_mask);
  CHECK(mode_of(directory / "new") == 0700U);
  CHECK(mode_of(home) == 0700U);
  for (const char* const name : {"/state.db", "/state.db-wal", "/state.db-shm", "/lock"}) {
    CAPTURE(name);
    CHECK(mode_of(home + name) == 0600U);
  }
}

TEST_CASE("An old file that others could read is closed to them") {
  const TempDirectory directory;
  write_file(directory / "state.db", "");
  REQUIRE(::chmod((directory / "state.db").c_str(), 0644) == 0);
  const auto state = open_state(directory.path());
  REQUIRE(commit(*state.database, tombstone("a")));
  CHECK(mode_of(directory / "state.db") == 0600U);
  CHECK(mode_of(directory / "state.db-wal") == 0600U);
}

TEST_CASE("A state directory in the workspace is refused, by whatever name") {
  const TempDirectory directory;
  const std::string workspace = directory / "workspace";
  fs::create_directories(workspace + "/sub");
  fs::create_directory_symlink(workspace + "/sub", directory / "link");
  for (const std::string& inside :
       {workspace, workspace + "/sub", workspace + "/not/there", workspace + "/../workspace/x",
        directory / "link/x", directory / "link/../sub"}) {
    CAPTURE(inside);
    const auto prepared = state::prepare_state_directory(inside, workspace);
    REQUIRE_FALSE(prepared);
    CHECK_THAT(prepared.error().message, Contains(inside) && Contains("--state-dir"));
  }
  CHECK_FALSE(fs::exists(workspace + "/not"));
  CHECK_FALSE(fs::exists(workspace + "/sub/x"));
  CHECK(state::prepare_state_directory(directory / "workspace2", workspace));
  CHECK(state::prepare_state_directory(directory.path(), workspace));
}

TEST_CASE("A state directory that cannot be used is refused") {
  const TempDirectory directory;
  const std::string workspace = directory / "workspace";
  write_file(directory / "file", "");
  CHECK_FALSE(state::prepare_state_directory(directory / "file", workspace));
  CHECK_FALSE(state::prepare_state_directory(directory / "file/below", workspace));
  CHECK_FALSE(state::prepare_state_directory("/proc/sessync-state", workspace));
  if (::geteuid() != 0) {
    REQUIRE(::mkdir((directory / "closed").c_str(), 0500) == 0);
    CHECK_FALSE(state::prepare_state_directory(directory / "closed", workspace));
  }
}

TEST_CASE("One process at a time holds the lock of a state directory") {
  const TempDirectory directory;
  auto first = state::StateLock::acquire(directory.path());
  REQUIRE(first);
  const auto second = state::StateLock::acquire(directory.path());
  REQUIRE_FALSE(second);
  CHECK_THAT(second.error().message, Contains("process " + std::to_string(::getpid())) &&
                                         Contains("sessync reconcile") &&
                                         Contains(directory.path()));
  {
    const state::StateLock gone = *std::move(first);
  }
  CHECK(state::StateLock::acquire(directory.path()));
}

TEST_CASE("The lock of a process that died is free") {
  const TempDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = state::StateLock::acquire(directory.path());
    ::_exit(lock ? 0 : 1);  // without unlocking
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  CHECK(fs::exists(directory / "lock"));
  CHECK(state::StateLock::acquire(directory.path()));
}

TEST_CASE("A damaged database is moved aside, and an empty one begun") {
  const TempDirectory directory;
  for (int n = 1; n <= 2; ++n) {
    write_file(directory / "state.db", std::string(8192, 'x'));
    const auto state = open_state(directory.path());
    REQUIRE(state.database->warnings().size() == 1);
    const std::string aside = directory / ("state.db.corrupt-" + std::to_string(n));
    CHECK_THAT(state.database->warnings()[0], Contains(aside));
    CHECK(fs::file_size(aside) == 8192);
    CHECK(state.database->load(kSession).tombstones.empty());
    REQUIRE(commit(*state.database, tombstone("a")));
  }
}

TEST_CASE("Damage inside the database is found when it is opened") {
  const TempDirectory directory;
  {
    const auto state = open_state(directory.path());
    for (int i = 0; i < 300; ++i) {
      state.database->commit(tombstone(std::string(100, 'a') + std::to_string(i)),
                             [](const auto&) {});
    }
  }
  const auto size = static_cast<std::streamoff>(fs::file_size(directory / "state.db"));
  {
    std::fstream file(directory / "state.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(size / 2);
    file << std::string(static_cast<std::size_t>(size / 2), 'x');
  }
  const auto state = open_state(directory.path());
  CHECK(state.database->warnings().size() == 1);
  CHECK(state.database->load(kSession).tombstones.empty());
}

TEST_CASE("Another program's database is moved aside, not written into") {
  const TempDirectory directory;
  run_sql(directory / "state.db", "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('x')");
  const auto state = open_state(directory.path());
  CHECK(state.database->warnings().size() == 1);
  CHECK(fs::exists(directory / "state.db.corrupt-1"));
}

TEST_CASE("The state of a newer sessync is refused and left as it is") {
  const TempDirectory directory;
  run_sql(directory / "state.db", "CREATE TABLE future (x); PRAGMA user_version = 1000");
  const auto lock = state::StateLock::acquire(directory.path());
  const auto opened = state::StateDatabase::open(*lock, at(0));
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().message, Contains("newer") && Contains(directory / "state.db"));
  const auto reader = state::StateDatabase::open_read_only(directory.path(), at(0));
  REQUIRE_FALSE(reader);
  CHECK_THAT(reader.error(), Contains("newer"));
  CHECK(fs::exists(directory / "state.db"));
}

TEST_CASE("A reader creates nothing where there is no state") {
  const TempDirectory directory;
  for (const std::string& path : {directory.path(), directory / "not/there"}) {
    const auto reader = state::StateDatabase::open_read_only(path, at(0));
    REQUIRE(reader);
    CHECK((*reader)->load(kSession).tombstones.empty());
    CHECK((*reader)->load_digests().empty());
    CHECK_FALSE(commit(**reader, tombstone("a")));
    CHECK((*reader)->load(kSession).tombstones.empty());
  }
  CHECK(directory.names().empty());
}

TEST_CASE("A reader sees what a running daemon has committed, and no more files") {
  const TempDirectory directory;
  const auto state = open_state(directory.path());
  REQUIRE(commit(*state.database, tombstone("a")));
  ports::Intent in_doubt;
  in_doubt.in_doubt_since = at(3);
  REQUIRE(commit(*state.database, {ports::change::PutIntent{kSession, in_doubt}}));
  const auto names = directory.names();
  {
    const auto reader = state::StateDatabase::open_read_only(directory.path(), at(5));
    REQUIRE(reader);
    CHECK((*reader)->load(kSession).tombstones.size() == 1);
    CHECK((*reader)->load(kSession).intents.at(0).in_doubt_since == at(5));
    CHECK(directory.names() == names);
    REQUIRE(commit(*state.database, tombstone("b")));
  }
  CHECK(directory.names() == names);
  CHECK(state.database->load(kSession).intents.at(0).in_doubt_since == at(3));
}

TEST_CASE("A reader sees what a stopped daemon left, and no more files") {
  const TempDirectory directory;
  {
    const auto state = open_state(directory.path());
    REQUIRE(commit(*state.database, tombstone("a")));
  }
  const std::vector<std::string> left{"lock", "state.db", "state.db-reserve"};
  CHECK(directory.names() == left);
  const auto reader = state::StateDatabase::open_read_only(directory.path(), at(0));
  REQUIRE(reader);
  CHECK((*reader)->load(kSession).tombstones.size() == 1);
  CHECK(directory.names() == left);
}

TEST_CASE("A reader takes a damaged database for none and leaves it alone") {
  const TempDirectory directory;
  write_file(directory / "state.db", std::string(8192, 'x'));
  const auto reader = state::StateDatabase::open_read_only(directory.path(), at(0));
  REQUIRE(reader);
  CHECK((*reader)->warnings().size() == 1);
  CHECK((*reader)->load(kSession).tombstones.empty());
  CHECK(directory.names() == std::vector<std::string>{"state.db"});
}

}  // namespace
}  // namespace sessync
