#include <memory>

#include <catch2/catch.hpp>

#include "daemon/watch/targets.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/watch/change_log.h"

namespace sessync::test {
namespace {

TEST_CASE("A secret file that changes is reported, and what lies beside it is not") {
  const TempTree tree;
  ChangeLog log;
  tree.write("secrets/..1/token", "one");
  tree.write("secrets/..2/token", "two");
  tree.write("secrets/kept", "one");
  tree.write("mark/er", "");
  tree.link("secrets/..data", "..1");
  tree.link("secrets/token", "..data/token");
  watch::Watcher watcher(log.callback(), {.settle = std::chrono::milliseconds{5},
                                          .settle_cap = std::chrono::milliseconds{2000},
                                          .add_watch = {}});
  watcher.set_targets({watch::secret_target("linked", tree.at("secrets/token")),
                       watch::secret_target("kept", tree.at("secrets/kept")),
                       watch::secret_target("missing", tree.at("secrets/later")),
                       file_target("marker", tree.at("mark/er"))});

  SECTION("rewritten") {
    tree.write("secrets/kept", "two");
    CHECK(log.wait_for("kept"));
  }
  SECTION("replaced") {
    tree.write("secrets/.kept.new", "two");
    tree.rename("secrets/.kept.new", "secrets/kept");
    CHECK(log.wait_for("kept"));
  }
  SECTION("removed, and written anew") {
    tree.remove("secrets/kept");
    CHECK(log.wait_for("kept"));
    tree.write("secrets/kept", "two");
    CHECK(log.wait_for("kept"));
  }
  SECTION("there at last") {
    tree.write("secrets/later", "one");
    CHECK(log.wait_for("missing"));
  }
  SECTION("a link on the way is swapped") {
    tree.link("secrets/..new", "..2");
    tree.rename("secrets/..new", "secrets/..data");
    CHECK(log.wait_for("linked"));
  }
  SECTION("another one beside it") {
    for (const char* const name : {"kept", "linked", "missing"}) {
      tree.write("secrets/beside", name);
      tree.write("mark/er", name);
      CHECK(log.only("marker", name));
    }
  }
}

}  // namespace
}  // namespace sessync::test
