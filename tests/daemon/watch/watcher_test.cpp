#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"
#include "daemon/watch/targets.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/watch/change_log.h"

namespace sessync::test {
namespace {

/// A watched tree "ws", and beside it a file "mark/er" whose change comes after all that went
/// before.
struct Watched {
  TempTree tree;
  ChangeLog log;
  watch::WatcherOptions options{.settle = std::chrono::milliseconds{5},
                                .settle_cap = std::chrono::milliseconds{2000},
                                .add_watch = {}};
  std::unique_ptr<watch::Watcher> watcher;

  void watch(std::vector<watch::WatchTarget> targets) {
    tree.write("mark/er", "");
    targets.push_back(file_target("marker", tree.at("mark/er")));
    if (!watcher) watcher = std::make_unique<watch::Watcher>(log.callback(), options);
    watcher->set_targets(std::move(targets));
  }
  void watch_tree() { watch({tree_target("ws", tree.at("ws"))}); }

  /// True if `name` was not reported for what happened before.
  bool is_silent(const std::string& name) {
    tree.write("mark/er", "x");
    return log.only("marker", name);
  }
};

TEST_CASE("Every kind of change of a tree is reported") {
  Watched w;
  w.tree.write("ws/a", "x");
  w.tree.write("ws/sub/b", "x");
  w.tree.write("outside", "x");
  w.watch_tree();

  SECTION("write") { w.tree.write("ws/a", "y"); }
  SECTION("append") { w.tree.append("ws/sub/b", "y"); }
  SECTION("create") { w.tree.write("ws/new", ""); }
  SECTION("delete") { w.tree.remove("ws/a"); }
  SECTION("rename inside") { w.tree.rename("ws/a", "ws/sub/c"); }
  SECTION("rename into it") { w.tree.rename("outside", "ws/sub/c"); }
  SECTION("rename out of it") { w.tree.rename("ws/sub/b", "gone"); }
  SECTION("hard link") {
    std::filesystem::create_hard_link(w.tree.at("outside"), w.tree.at("ws/l"));
  }
  SECTION("symlink") { w.tree.link("ws/l", "a"); }
  SECTION("chmod") { ::chmod(w.tree.at("ws/a").c_str(), 0600); }
  SECTION("touch") { w.tree.age("ws/a", 5); }
  SECTION("mkdir") { w.tree.directory("ws/dir"); }
  SECTION("rmdir with content") { w.tree.remove("ws/sub"); }
  SECTION("directory renamed out") { w.tree.rename("ws/sub", "elsewhere"); }
  SECTION("file closed after writing for long") {
    os::UniqueFd fd(::open(w.tree.at("ws/a").c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::write(fd.get(), "z", 1) == 1);
    fd = os::UniqueFd();
  }
  CHECK(w.log.wait_for("ws"));
  CHECK_FALSE(w.watcher->degraded());
}

TEST_CASE("What cannot matter is not reported, and its directories are not watched") {
  Watched w;
  w.tree.write("ws/a", "x");
  w.watch_tree();
  const auto before = w.watcher->statistics().directories_watched;
  w.tree.write("ws/pruned/deep/b", "x");
  w.tree.write("ws/x.tmp", "x");
  w.tree.write("beside", "x");
  CHECK(w.is_silent("ws"));
  CHECK(w.watcher->statistics().directories_watched == before);
  w.watch_tree();
  CHECK(w.watcher->statistics().directories_watched == before);
  w.tree.write("ws/pruned/deep/b", "y");
  CHECK(w.is_silent("ws"));
}

TEST_CASE("A tree that is created at full speed is watched to its last directory") {
  Watched w;
  w.tree.directory("ws");
  w.watch_tree();
  for (int i = 0; i < 50; ++i) {
    const std::string leaf = "ws/d" + std::to_string(i) + "/e/f/g/h";
    w.tree.directory(leaf);
    REQUIRE(w.log.wait_for("ws"));
    REQUIRE(w.is_silent("nothing"));
    w.tree.write(leaf + "/file", "x");
    REQUIRE(w.log.wait_for("ws"));
  }
}

TEST_CASE("A directory that is deleted and created again stays watched") {
  Watched w;
  w.tree.write("ws/sub/a", "x");
  w.watch_tree();
  for (int i = 0; i < 20; ++i) {
    w.tree.remove("ws/sub");
    w.tree.directory("ws/sub");
    REQUIRE(w.log.wait_for("ws"));
    REQUIRE(w.is_silent("nothing"));
    w.tree.write("ws/sub/a", "y");
    REQUIRE(w.log.wait_for("ws"));
    REQUIRE(w.is_silent("nothing"));
  }
}

TEST_CASE("A directory that moves inside the tree is watched at its new place only") {
  Watched w;
  w.tree.write("ws/sub/deep/a", "x");
  w.watch_tree();
  const auto before = w.watcher->statistics().directories_watched;
  w.tree.rename("ws/sub", "ws/moved");
  REQUIRE(w.log.wait_for("ws"));
  w.tree.write("ws/moved/deep/a", "y");
  REQUIRE(w.log.wait_for("ws"));
  CHECK(w.watcher->statistics().directories_watched == before);
  w.tree.rename("ws/moved", "out");
  REQUIRE(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("out/deep/a", "z");
  CHECK(w.is_silent("ws"));
  CHECK(w.watcher->statistics().directories_watched == before - 2);
}

TEST_CASE("A root that is renamed and created again") {
  Watched w;
  w.tree.write("ws/a", "x");
  w.watch_tree();
  w.tree.rename("ws", "old");
  REQUIRE(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("old/a", "y");
  CHECK(w.is_silent("ws"));
  w.tree.directory("ws");
  REQUIRE(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("ws/a", "z");
  CHECK(w.log.wait_for("ws"));
}

TEST_CASE("A path that does not exist yet is noticed when it comes, step by step") {
  Watched w;
  w.watch({tree_target("ws", w.tree.at("a/b/ws")), file_target("file", w.tree.at("a/b/file"))});
  w.tree.write("a/b/ws/x", "x");
  CHECK(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("a/b/file", "x");
  CHECK(w.log.wait_for("file"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("a/b/ws/x", "y");
  CHECK(w.log.wait_for("ws"));
}

TEST_CASE("A symlink on the way that is swapped is a change, and the new target is watched") {
  Watched w;
  w.tree.write("rev1/repo/a", "1");
  w.tree.write("rev2/repo/a", "2");
  w.tree.link("link", "rev1");
  w.watch({tree_target("ws", w.tree.at("link/repo")),
           file_target("manifest", w.tree.at("link/repo/a"))});
  w.tree.link("next", "rev2");
  w.tree.rename("next", "link");
  CHECK(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("rev1/repo/a", "old");
  CHECK(w.is_silent("ws"));
  w.tree.write("rev2/repo/a", "new");
  CHECK(w.log.wait_for("manifest"));
}

TEST_CASE("A ConfigMap volume that gets a new generation") {
  Watched w;
  w.tree.write("config/..1/sessync.yaml", "1");
  w.tree.link("config/..data", "..1");
  w.tree.link("config/sessync.yaml", "..data/sessync.yaml");
  SECTION("as a manifest file") {
    w.watch({watch::manifest_target("manifest", w.tree.at("config/sessync.yaml"))});
  }
  SECTION("as a manifest directory") {
    w.watch({watch::manifest_target("manifest", w.tree.at("config"))});
  }
  for (int i = 2; i < 5; ++i) {
    const std::string generation = "..";
    w.tree.write("config/" + generation + std::to_string(i) + "/sessync.yaml", "n");
    w.tree.link("config/..data_tmp", generation + std::to_string(i));
    REQUIRE(w.is_silent("nothing"));
    w.tree.rename("config/..data_tmp", "config/..data");
    REQUIRE(w.log.wait_for("manifest"));
    w.tree.remove("config/" + generation + std::to_string(i - 1));
    REQUIRE(w.is_silent("nothing"));
  }
}

TEST_CASE("Editors that replace a file") {
  Watched w;
  w.tree.write("conf/sessync.yaml", "1");
  w.tree.write("conf/notes.md", "1");
  const bool directory = GENERATE(false, true);
  w.watch(
      {watch::manifest_target("manifest", w.tree.at(directory ? "conf" : "conf/sessync.yaml"))});
  for (int i = 0; i < 3; ++i) {
    w.tree.write("conf/4913", "");
    w.tree.remove("conf/4913");
    w.tree.write("conf/.sessync.yaml.swp", "");
    w.tree.write("conf/notes.md", "2");
    REQUIRE(w.is_silent("manifest"));
    w.tree.rename("conf/sessync.yaml", "conf/sessync.yaml~");
    w.tree.write("conf/sessync.yaml", "2");
    w.tree.remove("conf/sessync.yaml~");
    REQUIRE(w.log.wait_for("manifest"));
    REQUIRE(w.is_silent("nothing"));
    w.tree.write("conf/tmp", "3");
    w.tree.rename("conf/tmp", "conf/sessync.yaml");
    REQUIRE(w.log.wait_for("manifest"));
    REQUIRE(w.is_silent("nothing"));
  }
}

TEST_CASE("What a symlink in a tree leads to is watched as well") {
  Watched w;
  w.tree.write("shared/a", "x");
  w.tree.link("ws/a", "../shared/a");
  w.watch_tree();
  w.tree.write("shared/a", "y");
  CHECK(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("shared/b", "x");
  CHECK(w.is_silent("ws"));
  w.tree.link("ws/b", "../shared/b");
  CHECK(w.log.wait_for("ws"));
  REQUIRE(w.is_silent("nothing"));
  w.tree.write("shared/b", "y");
  CHECK(w.log.wait_for("ws"));
}

TEST_CASE("Targets of several names share directories; only those concerned are reported") {
  Watched w;
  w.tree.write("ws/a", "x");
  w.tree.write("ws/b", "x");
  w.watch({file_target("a", w.tree.at("ws/a")), file_target("b", w.tree.at("ws/b"))});
  w.tree.write("ws/a", "y");
  CHECK(w.is_silent("b"));
  w.tree.write("ws/b", "y");
  CHECK(w.is_silent("a"));
  w.watch({file_target("b", w.tree.at("ws/b"))});
  w.tree.write("ws/a", "z");
  CHECK(w.is_silent("a"));
}

TEST_CASE("A name that never gets quiet is reported at the latest after the cap") {
  Watched w;
  w.options.settle = std::chrono::milliseconds{1000};
  w.options.settle_cap = std::chrono::milliseconds{100};
  w.tree.directory("ws");
  w.watch_tree();
  for (int i = 0; i < 100'000 && !w.log.has("ws"); ++i) w.tree.write("ws/busy", "x");
  CHECK(w.log.has("ws"));
}

TEST_CASE("A queue that overflows leads to a rescan, and nothing is lost") {
  Watched w;
  w.tree.directory("ws");
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  if (limit == 0 || limit > 100'000) {
    WARN("the queue is too long to be filled");
    return;
  }
  // The watcher's thread stands still in its callback while the queue is filled.
  std::mutex held;
  std::unique_lock hold(held);
  watch::Watcher watcher(
      [&, report = w.log.callback()](const watch::WatchChange& change) {
        report(change);
        const std::lock_guard wait(held);
      },
      w.options);
  watcher.set_targets({tree_target("ws", w.tree.at("ws"))});
  w.tree.write("ws/first", "x");
  REQUIRE(w.log.wait_for("ws"));
  for (std::size_t i = 0; i < limit + 10; ++i) w.tree.write("ws/f" + std::to_string(i % 2), "");
  w.tree.directory("ws/late/dir");
  hold.unlock();
  REQUIRE(w.log.wait_for("ws"));
  while (watcher.statistics().rescans == 0) REQUIRE(w.log.wait_for("ws"));
  CHECK(watcher.statistics().overflows >= 1);
  w.tree.write("ws/late/dir/file", "x");
  CHECK(w.log.wait_for("ws"));
}

/// Runs `body` in a child process with user namespace limit `key` at `value`; its result, or
/// nothing where that is not possible.
std::optional<int> with_user_limit(const char* key, const char* value,
                                   const std::function<int()>& body) {
  constexpr int kImpossible = 99;
  const pid_t child = ::fork();
  if (child == 0) {
    int result = kImpossible;
    if (::unshare(CLONE_NEWUSER) == 0) {
      std::ofstream limit(std::string("/proc/sys/user/") + key);
      if (limit << value << std::flush) result = body();
    }
    ::_exit(result);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 98;
  if (WEXITSTATUS(status) == kImpossible) return std::nullopt;
  return WEXITSTATUS(status);
}

TEST_CASE("Too few watches of the kernel: told so, with what is needed, and the rest works") {
  Watched w;
  for (int i = 0; i < 20; ++i) w.tree.write("ws/d" + std::to_string(i) + "/f", "x");
  const auto result = with_user_limit("max_inotify_watches", "12", [&] {
    w.watch_tree();
    const std::string reason = w.watcher->degraded_reason();
    const bool told = reason.find("max_user_watches") != std::string::npos &&
                      reason.find("cannot be watched") != std::string::npos;
    w.tree.write("ws/top", "x");
    return told && w.log.wait_for("ws") ? 0 : 1;
  });
  if (!result) {
    WARN("needs user namespaces");
    return;
  }
  CHECK(*result == 0);
}

TEST_CASE("No inotify instance at all: told so, and nothing else fails") {
  Watched w;
  w.tree.write("ws/f", "x");
  const auto result = with_user_limit("max_inotify_instances", "0", [&] {
    w.watch_tree();
    const std::string reason = w.watcher->degraded_reason();
    return reason.find("max_user_instances") != std::string::npos ? 0 : 1;
  });
  if (!result) {
    WARN("needs user namespaces");
    return;
  }
  CHECK(*result == 0);
}

TEST_CASE("Watches that are missing once are there after the next set_targets") {
  Watched w;
  w.tree.write("ws/d/f", "x");
  bool is_full = true;
  w.options.add_watch = [&](int fd, const char* path, std::uint32_t mask) {
    if (is_full && std::string_view(path).ends_with("/d")) {
      errno = ENOSPC;
      return -1;
    }
    return ::inotify_add_watch(fd, path, mask);
  };
  w.watch_tree();
  CHECK(w.watcher->degraded());
  is_full = false;
  w.watch_tree();
  CHECK_FALSE(w.watcher->degraded());
  w.tree.write("ws/d/f", "y");
  CHECK(w.log.wait_for("ws"));
}

TEST_CASE("A mount over a watched directory") {
  Watched w;
  w.tree.directory("ws");
  w.watch_tree();
  if (::mount("none", w.tree.at("ws").c_str(), "tmpfs", 0, nullptr) != 0) {
    WARN("needs CAP_SYS_ADMIN");
    return;
  }
  const bool reported = w.log.wait_for("ws");
  const bool quiet = w.is_silent("nothing");
  w.tree.write("ws/inside", "x");
  const bool seen = w.log.wait_for("ws");
  ::umount2(w.tree.at("ws").c_str(), MNT_DETACH);
  CHECK(reported);
  CHECK(quiet);
  CHECK(seen);
  CHECK(w.log.wait_for("ws"));
}

TEST_CASE("Targets may be replaced from the callback; nothing is reported without an event") {
  TempTree tree;
  tree.write("a", "x");
  tree.write("b", "x");
  ChangeLog log;
  watch::Watcher* self = nullptr;
  watch::Watcher watcher([&](const watch::WatchChange& change) {
    self->set_targets({file_target("b", tree.at("b"))});
    log.callback()(change);
  });
  self = &watcher;
  watcher.set_targets({file_target("a", tree.at("a"))});
  tree.write("a", "y");
  REQUIRE(log.wait_for("a"));
  tree.write("b", "y");
  REQUIRE(log.wait_for("b"));
  CHECK(log.all().size() == 2);
}

}  // namespace
}  // namespace sessync::test
