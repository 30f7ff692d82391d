#include <csignal>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/workspace/read/stable_read.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using std::chrono::milliseconds;
using ReadErrorKind = workspace::StableReadError::Kind;

constexpr milliseconds kNever{1'000'000'000};
constexpr milliseconds kAtOnce{0};

/// Reads one file of a tree.
struct OneFile {
  TempTree tree;
  workspace::ReadLimits limits{.settle = kAtOnce, .unleased = kNever, .open_for_writing = kNever};
  milliseconds patience{100};
  bool always_lease = false;
  workspace::ReadCounters counters;
  std::string bytes;
  std::function<void()> after_first_block;

  tl::expected<workspace::StableRead, workspace::StableReadError> read() {
    const os::Beneath root = os::Beneath::open(tree.path()).value();
    workspace::Patience left(limits, patience);
    const workspace::ByteSink sink{.restart = [this] { bytes.clear(); },
                                   .bytes =
                                       [this](std::span<const char> part) {
                                         const bool is_first = bytes.empty();
                                         bytes.append(part.data(), part.size());
                                         if (is_first && after_first_block) after_first_block();
                                       },
                                   .finished = {}};
    return workspace::read_stable(root, "file", {left, counters, always_lease}, sink);
  }

  [[nodiscard]] os::UniqueFd writer() const {
    return os::UniqueFd(::open(tree.at("file").c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
  }
};

/// This thread owns no file and has no privilege, as long as this lives.
class SomebodyElse {
 public:
  SomebodyElse() { become(65534); }
  SomebodyElse(const SomebodyElse&) = delete;
  SomebodyElse& operator=(const SomebodyElse&) = delete;
  ~SomebodyElse() { become(0); }

 private:
  /// glibc's own changes all threads.
  static void become(uid_t user) { ::syscall(SYS_setresuid, -1, user, -1); }
};

TEST_CASE("A file that nobody has open is read with a lease, which is given back") {
  OneFile one;
  one.tree.write("file", "content");
  const auto read = one.read();
  REQUIRE(read);
  CHECK(one.bytes == "content");
  CHECK(one.counters.leased == 1);
  CHECK(one.counters.unleased == 0);
  // O_NONBLOCK: a lease that is left would refuse it.
  CHECK(os::UniqueFd(::open(one.tree.at("file").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)));
}

TEST_CASE("T2: half a file whose writer pauses is not taken, the whole one is") {
  OneFile one;
  one.tree.write("file", "half");
  {
    const os::UniqueFd writer = one.writer();
    const auto read = one.read();
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ReadErrorKind::kUnstable);
    CHECK(one.counters.refused > 0);
    CHECK(one.counters.unstable == 1);
    REQUIRE(::write(writer.get(), " whole", 6) == 6);
  }
  REQUIRE(one.read());
  CHECK(one.bytes == "half whole");
  CHECK(one.counters.unleased == 0);
}

TEST_CASE("T2: a program that still maps a file it closed is a writer") {
  OneFile one;
  one.tree.write("file", "mapped");
  void* const map = ::mmap(nullptr, 6, PROT_WRITE, MAP_SHARED, one.writer().get(), 0);
  REQUIRE(map != MAP_FAILED);
  CHECK(one.read().error().kind == ReadErrorKind::kUnstable);
  ::munmap(map, 6);
  CHECK(one.read());
}

TEST_CASE("T3: a file that stays open for writing is taken once it was left alone, and counted") {
  OneFile one;
  one.tree.write("file", "so far");
  const os::UniqueFd writer = one.writer();
  one.limits.open_for_writing = milliseconds{300};
  one.always_lease = true;
  one.patience = milliseconds{10'000};
  const auto read = one.read();
  REQUIRE(read);
  CHECK(one.counters.leased == 0);
  CHECK(one.bytes == "so far");
  CHECK(one.counters.refused > 1);
  CHECK(one.counters.unleased == 1);
  CHECK(one.counters.left_open == 1);
}

TEST_CASE("No lease is asked for where a refusal would change nothing") {
  OneFile one;
  const std::size_t size = GENERATE(5U, 100'000U);
  one.tree.write("file", std::string(size, 'x'));
  const bool is_small = std::filesystem::file_size(one.tree.at("file")) < 10'000;
  one.always_lease = GENERATE(false, true);
  one.limits.open_for_writing = milliseconds{50};
  // Let it become that old.
  const auto is_old = [&] {
    struct stat status{};
    timespec now{};
    REQUIRE(::stat(one.tree.at("file").c_str(), &status) == 0);
    ::clock_gettime(CLOCK_REALTIME, &now);
    return workspace::nanoseconds(now) - workspace::FileStamp::of(status).newest_ns() > 60'000'000;
  };
  while (!is_old()) std::this_thread::yield();
  const bool expected = one.always_lease || !is_small;
  REQUIRE(one.read());
  CHECK(one.counters.leased == (expected ? 1 : 0));
  CHECK(one.counters.quiet == (expected ? 0 : 1));
  CHECK(one.counters.unleased == 0);
}

TEST_CASE("T2: that its writer says it is old does not make an open file old") {
  OneFile one;
  one.tree.write("file", "half");
  const os::UniqueFd writer = one.writer();
  one.limits.open_for_writing = milliseconds{10'000};
  const int seconds = GENERATE(3600, -3600);
  one.tree.age("file", seconds);
  CHECK(one.read().error().kind == ReadErrorKind::kUnstable);
}

TEST_CASE("T6: a writer that comes while a file is read gets it, and the read is repeated") {
  OneFile one;
  one.tree.write("file", std::string(1U << 20U, 'a'));
  one.patience = milliseconds{10'000};
  std::thread writer;
  int readings = 0;
  one.after_first_block = [&] {
    if (readings++ > 0) return;
    writer = std::thread([&] { one.tree.write("file", "new"); });
    // Until it waits for our lease, which then is one to be given back.
    const os::UniqueFd probe(::open(one.tree.at("file").c_str(), O_RDONLY | O_CLOEXEC));
    ::fcntl(probe.get(), F_SETSIG, SIGURG);
    while (::fcntl(probe.get(), F_SETLEASE, F_RDLCK) == 0) std::this_thread::yield();
  };
  const auto read = one.read();
  writer.join();
  REQUIRE(read);
  CHECK(one.counters.leased == 1);
  CHECK(one.bytes == "new");
  CHECK(readings == 2);
  CHECK(one.counters.broken == 1);
}

TEST_CASE("T6: the signal for a waiting writer disturbs nobody") {
  OneFile one;
  one.tree.write("file", std::string(1U << 20U, 'a'));
  std::atomic<int> interrupted{0};
  std::atomic<bool> stop{false};
  std::thread sleeper([&] {
    while (!stop) interrupted += ::poll(nullptr, 0, 20) != 0 ? 1 : 0;
  });
  std::thread writer([&] {
    while (!stop) {
      const os::UniqueFd fd = one.writer();
    }
  });
  one.patience = milliseconds{0};
  while (one.counters.broken < 50) (void)one.read();
  stop = true;
  writer.join();
  sleeper.join();
  CHECK(interrupted == 0);
}

TEST_CASE("T1: where no lease can be had, a file must have been left alone") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can be somebody else");
    return;
  }
  OneFile one;
  one.tree.write("file", "content");
  REQUIRE(::chmod(one.tree.path().c_str(), 0755) == 0);
  const SomebodyElse reader;
  SECTION("too fresh") { CHECK(one.read().error().kind == ReadErrorKind::kUnstable); }
  SECTION("quiet for long enough") {
    one.limits.unleased = milliseconds{200};
    one.patience = milliseconds{10'000};
    const auto read = one.read();
    REQUIRE(read);
    CHECK(one.counters.leased == 0);
    CHECK(one.counters.unleased == 1);
    CHECK(one.counters.left_open == 0);
    CHECK(one.counters.refused == 0);
  }
}

TEST_CASE("T3: what was waited for in vain is looked at once by the next scan") {
  Workspace ws;
  ws.tree.write("log", "so far");
  os::UniqueFd writer(::open(ws.tree.at("log").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  workspace::Scanner scanner(ws.cache, ws.options);
  const std::vector<manifest::ResourceSpec> resources{{.at = {}, .what = directory_source("")}};
  const auto scan = [&] {
    auto snapshot =
        scanner.scan({.workspace = ws.workspace, .manifests = {}, .resources = resources});
    return std::get<ports::SourceFiles>(snapshot.sources.front());
  };
  CHECK(issue_paths(scan()) == Lines{"log"});
  const std::uint64_t looks = scanner.reads().refused;
  CHECK(looks > 1);
  CHECK(issue_paths(scan()) == Lines{"log"});
  CHECK(scanner.reads().refused == looks + 1);
  writer = os::UniqueFd();
  CHECK(paths(scan()) == Lines{"log"});
}

}  // namespace
}  // namespace sessync::test
