#include <atomic>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/daemon/outputs/outputs_fixture.h"

using namespace sessync;
using namespace sessync::test;
using Catch::Matchers::Contains;

namespace {

void exchange(const std::string& left, const std::string& right) {
  ::syscall(SYS_renameat2, AT_FDCWD, left.c_str(), AT_FDCWD, right.c_str(), RENAME_EXCHANGE);
}

}  // namespace

TEST_CASE("a link planted as destination is not followed") {
  const TempTree tree;
  tree.write("elsewhere/file", "untouched");
  tree.link("outputs/research", tree.at("elsewhere"));
  const auto before = everything_below(tree.path());
  disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "research");
  CHECK_THAT(put(directory, "a", "x"),
             Contains("a symbolic link is in the way") && Contains(tree.at("outputs/research")));
  CHECK_FALSE(directory.list());
  CHECK_FALSE(directory.move_aside("file", "moved"));
  CHECK(everything_below(tree.path()) == before);
}

TEST_CASE("a link planted above the destination is not followed") {
  const TempTree tree;
  tree.write("elsewhere/research/file", "untouched");
  for (const auto& target : {tree.at("elsewhere"), std::string("../elsewhere"),
                             std::string("../nowhere"), std::string("/proc/self/cwd")}) {
    tree.remove("outputs");
    tree.link("outputs/team", target);
    const auto before = everything_below(tree.path());
    disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "team/research");
    CHECK_THAT(put(directory, "a", "x"), Contains("a symbolic link is in the way"));
    CHECK_FALSE(directory.list());
    CHECK(everything_below(tree.path()) == before);
  }
}

TEST_CASE("a destination that leads out is refused") {
  const TempTree tree;
  tree.directory("outputs");
  disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "../elsewhere");
  CHECK_FALSE(directory.create("a", 0));
  CHECK_FALSE(directory.list());
  CHECK(everything_below(tree.path()).size() == 1);
}

TEST_CASE("the outputs directory itself may be a link") {
  const TempTree tree;
  tree.directory("volume");
  tree.link("outputs", tree.at("volume"));
  disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "research");
  CHECK(put(directory, "a", "x").empty());
  CHECK(bytes_of(tree.at("volume/research/a")) == "x");
}

TEST_CASE("a destination that is swapped for a link while outputs arrive is never left") {
  const TempTree tree;
  tree.directory("elsewhere");
  tree.directory("outputs/research");
  tree.link("outputs/trap", tree.at("elsewhere"));
  std::atomic<bool> done{false};
  std::jthread attacker([&] {
    while (!done) {
      exchange(tree.at("outputs/research"), tree.at("outputs/trap"));
    }
  });
  disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "research");
  int arrived = 0;
  int refused = 0;
  for (int i = 0; i < 100'000 && (arrived < 200 || refused < 200); ++i) {
    (put(directory, std::to_string(i), "x").empty() ? arrived : refused) += 1;
    static_cast<void>(directory.list());
  }
  done = true;
  attacker.join();
  CHECK(arrived > 0);
  CHECK(refused > 0);
  CHECK(everything_below(tree.at("elsewhere")).empty());
}

TEST_CASE("of writers that race for one name one wins, and its bytes are whole") {
  const TempTree tree;
  for (int round = 0; round < 20; ++round) {
    const auto name = std::to_string(round);
    std::atomic<int> won{0};
    const auto race = [&](char letter) {
      disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
      won += put(directory, name, std::string(10'000, letter)).empty() ? 1 : 0;
    };
    {
      const std::jthread left(race, 'l');
      const std::jthread right(race, 'r');
    }
    CHECK(won == 1);
    const auto bytes = bytes_of(tree.at("d/" + name));
    CHECK(bytes == std::string(10'000, bytes.empty() ? '?' : bytes.front()));
  }
  CHECK(everything_below(tree.at("d")).size() == 20);
}

TEST_CASE("cleaning up beside a writer never takes its file away") {
  const TempTree tree;
  tree.directory("d");
  std::atomic<bool> done{false};
  std::jthread cleaner([&] {
    disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
    while (!done) {
      static_cast<void>(directory.list());
    }
  });
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  int failed = 0;
  for (int i = 0; i < 200; ++i) {
    failed += put(directory, std::to_string(i), "x").empty() ? 0 : 1;
  }
  done = true;
  cleaner.join();
  CHECK(failed == 0);
  CHECK(everything_below(tree.at("d")).size() == 200);
}
