#include "daemon/watch/quiet.h"

#include <atomic>
#include <cerrno>

#include <catch2/catch.hpp>
#include <sys/inotify.h>
#include <sys/mount.h>

#include "daemon/watch/watcher.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/watch/change_log.h"

namespace sessync::test {
namespace {

TEST_CASE("Filesystems that others change are not trusted to raise events") {
  CHECK(watch::trust_in_type(0x6969) == watch::EventTrust::kNone);      // NFS
  CHECK(watch::trust_in_type(0x65735546) == watch::EventTrust::kNone);  // FUSE
  CHECK(watch::trust_in_type(0xFF534D42) == watch::EventTrust::kNone);  // CIFS
  CHECK(watch::trust_in_type(0x794C7630) == watch::EventTrust::kSome);  // overlay
  CHECK(watch::trust_in_type(0xEF53) == watch::EventTrust::kAll);       // ext4
  CHECK(watch::trust_in_type(0x01021994) == watch::EventTrust::kAll);   // tmpfs
}

TEST_CASE("A directory looks different after every change of what is taken from it") {
  const TempTree tree;
  tree.write("d/a", "x");
  tree.write("d/b.tmp", "x");
  tree.write("d/sub/c", "x");
  const auto look = [&] {
    return watch::look_of_directory(tree.at("d"), [](std::string_view name, bool is_directory) {
      return is_directory || !name.ends_with(".tmp");
    });
  };
  const auto before = look();
  CHECK(look() == before);

  SECTION("written") { tree.write("d/a", "y"); }
  SECTION("longer") { tree.append("d/a", "y"); }
  SECTION("created") { tree.write("d/new", "x"); }
  SECTION("removed") { tree.remove("d/a"); }
  SECTION("renamed") { tree.rename("d/a", "d/z"); }
  SECTION("replaced by an equal one") {
    tree.write("other", "x");
    tree.rename("other", "d/a");
  }
  SECTION("new directory") { tree.directory("d/sub2"); }
  SECTION("directory gone") { tree.remove("d/sub"); }
  SECTION("the directory itself gone") { tree.remove("d"); }
  SECTION("dangling link") { tree.link("d/link", "nowhere"); }
  CHECK(look() != before);
}

TEST_CASE("A directory looks the same after a change of what is not taken from it") {
  const TempTree tree;
  tree.write("d/a", "x");
  tree.write("d/sub/c", "x");
  const auto look = [&] {
    return watch::look_of_directory(tree.at("d"),
                                    [](std::string_view name, bool) { return name != "b"; });
  };
  const auto before = look();
  tree.write("d/b", "x");
  tree.write("d/sub/c", "y");  // looked at where it is
  CHECK(look() == before);
}

TEST_CASE("A file looks different when it changes, comes or goes, and through a link") {
  const TempTree tree;
  tree.write("a", "x");
  tree.link("link", "a");
  const auto before = watch::look_of_file(tree.at("link"));
  CHECK(watch::look_of_file(tree.at("link")) == before);
  CHECK(watch::look_of_file(tree.at("a")) == before);
  tree.append("a", "y");
  const auto longer = watch::look_of_file(tree.at("link"));
  CHECK(longer != before);
  tree.remove("a");
  CHECK(watch::look_of_file(tree.at("link")) != longer);
  CHECK(watch::look_of_file(tree.at("link")) == watch::look_of_file(tree.at("nothing")));
}

TEST_CASE("W7: watches that could not be had are tried again, and everything is reported then") {
  const TempTree tree;
  tree.write("ws/d/f", "x");
  std::atomic<bool> is_full = true;
  ChangeLog log;
  watch::Watcher watcher(log.callback(),
                         {.settle = std::chrono::milliseconds{5},
                          .retry_watches = std::chrono::milliseconds{20},
                          .add_watch = [&](int fd, const char* path, std::uint32_t mask) {
                            if (is_full && std::string_view(path).ends_with("/d")) {
                              errno = ENOSPC;
                              return -1;
                            }
                            return ::inotify_add_watch(fd, path, mask);
                          }});
  tree.write("mark/er", "");
  watcher.set_targets(
      {tree_target("ws", tree.at("ws")), file_target("marker", tree.at("mark/er"))});
  CHECK(watcher.degraded());
  REQUIRE(log.wait_for("ws"));
  is_full = false;
  while (watcher.degraded()) REQUIRE(log.wait_for("ws"));
  tree.write("mark/er", "x");
  REQUIRE(log.wait_for("marker"));  // nothing is reported for what was before
  tree.write("ws/d/f", "y");
  CHECK(log.wait_for("ws"));
}

/// An overlay over "lower", mounted at "ws" for as long as this lives.
struct Overlay {
  explicit Overlay(const TempTree& tree) : at(tree.at("ws")) {
    tree.directory("ws");
    tree.directory("up");
    has_layers = ::mount("none", tree.at("up").c_str(), "tmpfs", 0, nullptr) == 0;
    if (!has_layers) return;
    up = tree.at("up");
    tree.directory("up/u");
    tree.directory("up/w");
    const std::string options =
        "lowerdir=" + tree.at("lower") + ",upperdir=" + up + "/u,workdir=" + up + "/w";
    is_mounted = ::mount("overlay", at.c_str(), "overlay", 0, options.c_str()) == 0;
  }
  ~Overlay() {
    if (is_mounted) ::umount2(at.c_str(), MNT_DETACH);
    if (has_layers) ::umount2(up.c_str(), MNT_DETACH);
  }
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;

  std::string at;
  std::string up;
  bool has_layers = false;
  bool is_mounted = false;
};

TEST_CASE("W8: what changes below an overlay without an event is found by looking") {
  const TempTree tree;
  tree.write("lower/file", "x");
  tree.write("lower/sub/other", "x");
  const Overlay overlay(tree);
  if (!overlay.is_mounted) {
    WARN("needs CAP_SYS_ADMIN and overlayfs");
    return;
  }
  ChangeLog log;
  watch::Watcher watcher(log.callback(), {.settle = std::chrono::milliseconds{5},
                                          .poll_layers = std::chrono::milliseconds{20},
                                          .add_watch = {}});
  watcher.set_targets({tree_target("tree", tree.at("ws")), file_target("file", tree.at("ws/file")),
                       file_target("beside", tree.at("up/beside"))});
  CHECK(watcher.quiet_reason().find(tree.at("ws")) != std::string::npos);
  tree.write("lower/file", "changed");
  CHECK(log.wait_for("file"));
  tree.write("lower/sub/other", "changed");
  CHECK(log.wait_for("tree"));
  CHECK_FALSE(log.has("beside"));
  watcher.set_targets({file_target("beside", tree.at("up/beside"))});
  CHECK(watcher.quiet_reason().empty());
}

}  // namespace
}  // namespace sessync::test
