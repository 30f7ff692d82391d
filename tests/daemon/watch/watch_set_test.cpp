#include "daemon/watch/watch_set.h"

#include <cstring>

#include <catch2/catch.hpp>
#include <sys/inotify.h>

#include "daemon/watch/path_chain.h"
#include "daemon/watch/settler.h"
#include "daemon/watch/targets.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/watch/change_log.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

using namespace std::chrono_literals;

std::string raw_event(int watch, std::uint32_t mask, const std::string& name) {
  inotify_event event{};
  event.wd = watch;
  event.mask = mask;
  event.len = name.empty() ? 0 : static_cast<std::uint32_t>((name.size() / 16 + 1) * 16);
  std::string bytes(sizeof event, '\0');
  std::memcpy(bytes.data(), &event, sizeof event);
  return bytes + name + std::string(event.len - name.size(), '\0');
}

/// Watches that remember what they were added for.
struct Fixture {
  TempTree tree;
  std::map<std::string, int> ids;
  watch::WatchSet set{[this](int fd, const char* path, std::uint32_t mask) {
    const int id = ::inotify_add_watch(fd, path, mask);
    ids[path] = id;
    return id;
  }};
};

TEST_CASE("An overflow is seen although it belongs to no watch, also between other events") {
  Fixture f;
  f.tree.write("ws/a", "x");
  f.set.set_targets({tree_target("one", f.tree.at("ws")), file_target("two", "/nowhere/at/all")});
  const std::string bytes =
      raw_event(f.ids[f.tree.at("ws")], IN_CLOSE_WRITE, "a") + raw_event(-1, IN_Q_OVERFLOW, "");
  const auto outcome = f.set.handle(bytes);
  CHECK(outcome.lost_events);
  CHECK(outcome.names == std::set<std::string>{"one", "two"});
  CHECK(f.set.statistics().overflows == 1);
}

TEST_CASE("An event of a watch that is not known is ignored, one cut off as well") {
  Fixture f;
  f.tree.write("ws/a", "x");
  f.set.set_targets({tree_target("ws", f.tree.at("ws"))});
  CHECK(f.set.handle(raw_event(987654, IN_CLOSE_WRITE, "a")).names.empty());
  const std::string whole = raw_event(f.ids[f.tree.at("ws")], IN_CLOSE_WRITE, "a");
  CHECK(f.set.handle(std::string_view(whole).substr(0, whole.size() - 1)).names.empty());
  CHECK(f.set.handle(whole).names.size() == 1);
}

TEST_CASE("A watch that the kernel removed is not used any more, the root is looked for again") {
  Fixture f;
  f.tree.write("ws/sub/a", "x");
  f.set.set_targets({tree_target("ws", f.tree.at("ws"))});
  const int sub = f.ids[f.tree.at("ws/sub")];
  CHECK(f.set.handle(raw_event(sub, IN_DELETE_SELF, "")).names.empty());
  f.set.handle(raw_event(sub, IN_IGNORED, ""));
  CHECK(f.set.handle(raw_event(sub, IN_CLOSE_WRITE, "a")).names.empty());

  const auto before = f.set.statistics().directories_watched;
  const auto outcome = f.set.handle(raw_event(f.ids[f.tree.at("ws")], IN_UNMOUNT, "") +
                                    raw_event(f.ids[f.tree.at("ws")], IN_IGNORED, ""));
  CHECK(outcome.names.size() == 1);
  CHECK(f.set.statistics().directories_watched == before + 1);  // "sub" was found again
}

TEST_CASE("Watches are dropped with the targets that needed them") {
  Fixture f;
  f.tree.write("ws/sub/a", "x");
  f.set.set_targets({tree_target("ws", f.tree.at("ws"))});
  CHECK(f.set.statistics().directories_watched > 2);
  f.set.set_targets({});
  CHECK(f.set.statistics().directories_watched == 0);
  CHECK(f.set.names().empty());
}

TEST_CASE("The lack of watches is told with the number that is needed") {
  const TempTree tree;
  for (int i = 0; i < 10; ++i) tree.directory("ws/d" + std::to_string(i));
  int left = 8;
  watch::WatchSet set([&](int fd, const char* path, std::uint32_t mask) {
    if (left-- > 0) return ::inotify_add_watch(fd, path, mask);
    errno = ENOSPC;
    return -1;
  });
  set.set_targets({tree_target("ws", tree.at("ws"))});
  const std::string reason = set.degraded_reason();
  CHECK(reason.find("of 14 directories") != std::string::npos);  // "/", "/tmp", the tree, ws, ten
  CHECK(reason.find("fs.inotify.max_user_watches") != std::string::npos);
}

TEST_CASE("Names looked up on the way to a path") {
  const TempTree tree;
  tree.write("real/file", "x");
  tree.link("link", "./real/../real");
  std::vector<std::string> seen;
  const watch::OnLookup on_lookup = [&](const std::string& directory, const std::string& name,
                                        bool last) {
    if (directory.starts_with(tree.path())) {
      seen.push_back(directory.substr(tree.path().size()) + "|" + name + (last ? "|last" : ""));
    }
  };
  CHECK(watch::resolve_chain(tree.at("link/file"), on_lookup) == tree.at("real/file"));
  CHECK(seen == Lines{"|link", "|real", "|real", "/real|file|last"});
  seen.clear();
  CHECK_FALSE(watch::resolve_chain(tree.at("gone/below"), on_lookup));
  CHECK(seen == Lines{"|gone"});
  tree.link("loop", "loop");
  CHECK_FALSE(watch::resolve_chain(tree.at("loop"), on_lookup));
  CHECK_FALSE(watch::resolve_chain(tree.at("real/file/below"), on_lookup));
  CHECK(watch::resolve_chain("/", on_lookup) == "/");
}

TEST_CASE("A name is due when it is quiet, or when it has waited long enough") {
  watch::Settler settler(50ms, 200ms);
  const watch::Settler::Time start{};
  CHECK_FALSE(settler.due());
  settler.note("a", start);
  settler.note("a", start + 30ms);
  settler.note("b", start + 40ms);
  CHECK(settler.due() == start + 80ms);
  CHECK(settler.take(start + 79ms).names.empty());
  const watch::WatchChange change = settler.take(start + 80ms);
  CHECK(change.names == Lines{"a"});
  CHECK(change.first_event == start);
  for (int i = 5; i < 40; ++i) settler.note("b", start + i * 10ms);
  CHECK(settler.due() == start + 240ms);
  CHECK(settler.take(start + 240ms).names == Lines{"b"});
  settler.note("c", start);
  settler.retain([](const std::string&) { return false; });
  CHECK_FALSE(settler.due());
}

TEST_CASE("Repeated rescans back off, and begin anew after a quiet minute") {
  watch::RescanBackoff backoff;
  watch::RescanBackoff::Time now{};
  for (const auto wait : {0ms, 0ms, 0ms, 100ms, 200ms, 400ms}) CHECK(backoff.next(now) == wait);
  for (int i = 0; i < 20; ++i) static_cast<void>(backoff.next(now));
  CHECK(backoff.next(now) == 30s);
  now += 61s;
  CHECK(backoff.next(now) == 0ms);
}

TEST_CASE("The targets of a session are what its sources can match, and the ignore files above") {
  const std::vector<manifest::ResourceSpec> resources = {
      {{}, directory_source("a/b", {"docs/*.md"})},
      {{}, file_source("x.csv")},
      {{}, manifest::UploadedFileResource{"file_1", "/x"}}};
  const auto targets = watch::workspace_targets("s", "/ws", resources);
  Lines all;
  for (const watch::WatchTarget& target : targets) all.push_back(target.path);
  CHECK(all == Lines{"/ws/.sessyncignore", "/ws/a/.sessyncignore", "/ws/a/b", "/ws/x.csv"});
  const watch::WatchTarget& tree = targets[2];
  CHECK(tree.enters("docs"));
  CHECK_FALSE(tree.enters("src"));
  CHECK(tree.matters("docs/a.md"));
  CHECK(tree.matters("docs/.sessyncignore"));
  CHECK_FALSE(tree.matters("docs/a.txt"));
  CHECK_FALSE(targets[3].enters);
}

TEST_CASE("An archive is watched as the directory it is made of") {
  manifest::ArchiveResource archive;
  archive.source = "a/b";
  archive.include = manifest::Patterns::parse({"docs/*.md"}).value();
  const std::vector<manifest::ResourceSpec> resources = {{{}, archive}};
  const auto targets = watch::workspace_targets("s", "/ws", resources);
  REQUIRE(targets.size() == 3);
  CHECK(targets[2].path == "/ws/a/b");
  CHECK(targets[2].enters("docs"));
  CHECK(targets[2].matters("docs/a.md"));
  CHECK_FALSE(targets[2].matters("docs/a.txt"));
}

}  // namespace
}  // namespace sessync::test
