#include <csignal>

#include <catch2/catch.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/daemon/outputs/outputs_fixture.h"

using namespace sessync;
using namespace sessync::test;
using Catch::Matchers::Contains;

namespace {

using Tree = std::map<std::string, std::string>;

/// Runs `work` in a process of its own; how it ended, as wait(2) says it.
template <class Work>
int in_child(const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

constexpr int kNotPermitted = 77;

bool write_map(const char* path, const std::string& text) {
  std::ofstream out(path);
  out << text << std::flush;
  return out.good();
}

/// Mounts a file system of `size` at `path`, in this process's own view of the world.
bool mount_small(const std::string& path, const std::string& size) {
  const std::string uid = std::to_string(::getuid());
  const std::string gid = std::to_string(::getgid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    return false;
  }
  return write_map("/proc/self/setgroups", "deny") &&
         write_map("/proc/self/uid_map", "0 " + uid + " 1") &&
         write_map("/proc/self/gid_map", "0 " + gid + " 1") &&
         ::mount("tmpfs", path.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
}

}  // namespace

TEST_CASE("an output is there once it is finished, and nothing else is") {
  const TempTree tree;
  disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "team/research");
  REQUIRE(directory.list().has_value());
  CHECK(directory.list()->empty());
  CHECK(everything_below(tree.path()).empty());

  auto file = directory.create("a.md", 0);
  REQUIRE(file);
  REQUIRE((*file)->write("hello "));
  REQUIRE((*file)->write("world"));
  CHECK(directory.list()->empty());
  REQUIRE((*file)->finish(11));
  file->reset();

  CHECK(everything_below(tree.path()) == Tree{{"outputs", "directory"},
                                              {"outputs/team", "directory"},
                                              {"outputs/team/research", "directory"},
                                              {"outputs/team/research/a.md", "file hello world"}});
  const auto listed = directory.list();
  REQUIRE(listed->size() == 1);
  CHECK(listed->front().name == "a.md");
  CHECK(listed->front().size == 11);
  CHECK(listed->front().is_file);
}

TEST_CASE("an empty output is an empty file") {
  const TempTree tree;
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  CHECK(put(directory, "empty", "").empty());
  CHECK(everything_below(tree.at("d")) == Tree{{"empty", "file "}});
}

TEST_CASE("a dropped output leaves nothing") {
  const TempTree tree;
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  auto file = directory.create("a", 0);
  REQUIRE((*file)->write("half"));
  CHECK(everything_below(tree.at("d")).size() == 1);
  file->reset();
  CHECK(everything_below(tree.at("d")).empty());
}

TEST_CASE("an output of another size than announced is not put in place") {
  const TempTree tree;
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  auto file = directory.create("a", 0);
  REQUIRE((*file)->write("half"));
  const auto finished = (*file)->finish(8);
  REQUIRE_FALSE(finished);
  CHECK_THAT(finished.error(), Contains(tree.at("d/a")) && Contains("4 bytes arrived where 8"));
  file->reset();
  CHECK(everything_below(tree.at("d")).empty());
}

TEST_CASE("what is there already is never overwritten") {
  const TempTree tree;
  tree.write("d/file", "precious");
  tree.directory("d/directory");
  tree.write("elsewhere", "untouched");
  tree.link("d/link", tree.at("elsewhere"));
  tree.link("d/dangling", tree.at("nowhere"));
  const auto before = everything_below(tree.path());
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  for (const std::string name : {"file", "directory", "link", "dangling"}) {
    CHECK_THAT(put(directory, name, "new"), Contains("nothing there is overwritten"));
    CHECK_FALSE(directory.move_aside("file", name));
  }
  CHECK(everything_below(tree.path()) == before);

  const auto listed = directory.list();
  CHECK(std::ranges::count(*listed, true, &ports::OutputEntry::is_file) == 1);
  CHECK(listed->size() == 4);
}

TEST_CASE("an older output makes room for a newer one") {
  const TempTree tree;
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  CHECK(put(directory, "a", "old").empty());
  REQUIRE(directory.move_aside("a", "a~file_1"));
  CHECK(put(directory, "a", "new").empty());
  CHECK(everything_below(tree.at("d")) == Tree{{"a", "file new"}, {"a~file_1", "file old"}});
}

TEST_CASE("what a killed process left is removed, what is being written is not") {
  const TempTree tree;
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  const int status = in_child([&] {
    auto file = directory.create("killed", 0);
    static_cast<void>((*file)->write("half"));
    return ::raise(SIGKILL);
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK(everything_below(tree.at("d")).size() == 1);

  auto alive = directory.create("alive", 0);
  REQUIRE((*alive)->write("whole"));
  CHECK(everything_below(tree.at("d")).size() == 2);
  CHECK(directory.list()->empty());
  CHECK(everything_below(tree.at("d")).size() == 1);
  REQUIRE((*alive)->finish(5));
  CHECK(everything_below(tree.at("d")) == Tree{{"alive", "file whole"}});
}

TEST_CASE("only files of exactly our form are taken for left over") {
  const TempTree tree;
  const std::string ours = ".sessync-0123456789abcdef.tmp";
  tree.write("d/" + ours, "x");
  tree.write("d/.sessync-0123456789abcdeg.tmp", "x");
  tree.write("d/.sessync-0123456789abcdef.tmp2", "x");
  tree.write("d/.sessync-0123456789abcde.tmp", "x");
  tree.write("d/x.sessync-0123456789abcdef.tmp", "x");
  tree.write("elsewhere", "untouched");
  tree.link("d/.sessync-aaaaaaaaaaaaaaaa.tmp", tree.at("elsewhere"));
  tree.directory("d/.sessync-bbbbbbbbbbbbbbbb.tmp");
  auto expected = everything_below(tree.path());
  expected.erase("d/" + ours);
  disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
  CHECK(directory.list()->size() == 4);
  CHECK(everything_below(tree.path()) == expected);
}

TEST_CASE("a full disk is said, and leaves nothing behind") {
  const TempTree tree;
  tree.directory("small");
  const int status = in_child([&] {
    if (!mount_small(tree.at("small"), "64k")) {
      return kNotPermitted;
    }
    disk_outputs::DiskOutputDirectory directory(tree.at("small"), "d");
    if (!put(directory, "fits", std::string(1000, 'x')).empty()) {
      return 1;
    }
    const auto refused = put(directory, "too big", std::string(1'000'000, 'x'));
    auto longer = directory.create("too long", 1);
    const auto error = (*longer)->write(std::string(1'000'000, 'x')).error();
    longer->reset();
    const bool said = error.find("No space left on device; make room") != std::string::npos &&
                      error.find("small/d/too long") != std::string::npos &&
                      refused.find("there is no room for it; make room") != std::string::npos &&
                      refused.find("small/d/too big") != std::string::npos;
    if (!said || everything_below(tree.at("small/d")).size() != 1) {
      return 2;
    }
    return put(directory, "fits too", std::string(1000, 'x')).empty() ? 0 : 3;
  });
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNotPermitted) {
    WARN("not tested: no file system may be mounted here");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE(
    "a share of the file system stays free, and what is announced has its room from the start") {
  const TempTree tree;
  tree.directory("small");
  const int status = in_child([&] {
    if (!mount_small(tree.at("small"), "400k")) {
      return kNotPermitted;
    }
    disk_outputs::DiskOutputDirectory directory(tree.at("small"), "d", 50);
    const auto refused = directory.create("half", 220'000);
    if (refused || refused.error().find("less than 50%") == std::string::npos ||
        refused.error().find("--outputs-min-free") == std::string::npos) {
      return 1;
    }
    auto first = directory.create("first", 120'000);
    if (!first || directory.create("second", 120'000)) {
      return 2;
    }
    first->reset();
    return put(directory, "second", std::string(120'000, 'x')).empty() ? 0 : 3;
  });
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNotPermitted) {
    WARN("not tested: no file system may be mounted here");
    return;
  }
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the outputs directory has an id, which moves with it") {
  const TempTree tree;
  const auto at = [&](const std::string& name) {
    return disk_outputs::DiskOutputDirectory(tree.at(name), "d");
  };
  CHECK(at("one").id() == "");
  CHECK(everything_below(tree.path()).empty());
  const auto id = at("one").identify();
  REQUIRE(id);
  CHECK(id->size() == 32);
  CHECK(at("one").id() == *id);
  CHECK(at("one").identify() == *id);
  CHECK(at("two").identify() != *id);
  std::filesystem::rename(tree.at("one"), tree.at("three"));
  CHECK(at("three").id() == *id);
  CHECK(at("one").id() == "");
}

TEST_CASE(
    "an id that a process which died did not write to its end is made anew, a false one told") {
  const TempTree tree;
  tree.write("outputs/.sessync-id", "0123");
  disk_outputs::DiskOutputDirectory directory(tree.at("outputs"), "d");
  CHECK(directory.id() == "");
  const auto id = directory.identify();
  REQUIRE(id);
  CHECK(directory.id() == *id);
  tree.write("outputs/.sessync-id", std::string(40, 'x'));
  CHECK_THAT(directory.id().error(), Contains("holds no id: remove it"));
  std::filesystem::remove(tree.at("outputs/.sessync-id"));
  tree.write("elsewhere", *id + "\n");
  tree.link("outputs/.sessync-id", "../elsewhere");
  CHECK_FALSE(directory.id());
  CHECK_FALSE(directory.identify());
}

TEST_CASE("a file that may not grow is said, and leaves nothing behind") {
  const TempTree tree;
  const int status = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    disk_outputs::DiskOutputDirectory directory(tree.path(), "d");
    const auto error = put(directory, "big", std::string(2000, 'x'));
    const bool said = error.find("make room there") != std::string::npos;
    return said && everything_below(tree.at("d")).empty() ? 0 : 1;
  });
  CHECK(status == 0);
}

TEST_CASE("a directory that cannot be written to is said") {
  const TempTree tree;
  tree.write("file", "x");
  disk_outputs::DiskOutputDirectory inside(tree.at("file"), "d");
  CHECK_THAT(inside.create("a", 0).error(), Contains(tree.at("file/d")));
  disk_outputs::DiskOutputDirectory at(tree.path(), "file");
  CHECK_THAT(at.create("a", 0).error(), Contains("Not a directory"));
  CHECK_FALSE(at.list());
}
