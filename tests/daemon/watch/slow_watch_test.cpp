#include <future>

#include <catch2/catch.hpp>
#include <sys/inotify.h>
#include <sys/resource.h>

#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/watch/change_log.h"

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

TEST_CASE(
    "Whoever sets targets on a file system that does not answer is not kept, and loses no change") {
  const TempTree tree;
  tree.write("ws/a", "x");
  ChangeLog log;
  std::promise<void> answer;
  const auto answered = answer.get_future().share();
  const watch::WatcherOptions options{
      .settle = 5ms,
      .patience = 1ms,
      .add_watch = [answered](int fd, const char* path, std::uint32_t mask) {
        answered.wait();
        return ::inotify_add_watch(fd, path, mask);
      }};
  watch::Watcher watcher(log.callback(), options);
  watcher.set_targets({tree_target("ws", tree.at("ws"))});
  CHECK(watcher.degraded());
  CHECK(watcher.degraded_reason().find("gone through") != std::string::npos);
  // Nor does the next one wait, for what is not begun yet.
  watcher.set_targets({tree_target("ws", tree.at("ws")), file_target("b", tree.at("b"))});
  tree.write("ws/a", "changed meanwhile");
  answer.set_value();
  CHECK(log.wait_for("ws"));
  CHECK_FALSE(watcher.degraded());
  tree.write("ws/c", "and from now on");
  CHECK(log.wait_for("ws"));
}

TEST_CASE("Without a descriptor to be woken up with a watcher takes what is wanted all the same") {
  const TempTree tree;
  tree.write("ws/a", "x");
  ChangeLog log;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  watch::Watcher watcher(log.callback(), {.settle = 5ms, .add_watch = {}});
  ::setrlimit(RLIMIT_NOFILE, &before);
  watcher.set_targets({tree_target("ws", tree.at("ws"))});
  CHECK(watcher.degraded());
}

}  // namespace
}  // namespace sessync::test
