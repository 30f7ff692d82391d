#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "daemon/controller/controller.h"
#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/pass/memory_pass_services.h"

namespace sessync {
namespace {

using std::chrono::minutes;

constexpr const char* kTwoSessions =
    "version: 1\nowner: o\nsessions:\n  - {name: s, session_id: sesn_1}\n"
    "  - {name: t, session_id: sesn_2}\n";

/// Where a thread can be held.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    news_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    held_ = true;
    news_.notify_all();
    news_.wait(lock, [this] { return open_; });
    held_ = false;
  }
  /// Somebody is held.
  bool wait() {
    std::unique_lock lock(mutex_);
    return news_.wait_for(lock, minutes(1), [this] { return held_ && !open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable news_;
  bool open_ = true;
  bool held_ = false;
};

/// Each of its calls can be held up or fail.
class GatedHost : public controller::ControllerHost {
 public:
  std::optional<manifest::Holdings> remembered() override { return manifest::Holdings(); }
  void remember(const manifest::Holdings& /*holdings*/) override {}
  void watch(const manifest::Manifest& /*manifest*/) override { watching.pass(); }
  bool watching_degraded() override { return false; }
  double random() override {
    const std::lock_guard lock(mutex_);
    if (failures_ > 0) {
      --failures_;
      throw std::runtime_error("there is no randomness here");
    }
    return 0.5;
  }
  void retry_pending() override { retrying.pass(); }
  void save_digests() override {}
  void collect(const std::string& /*owner*/) override {}
  void abort_uploads() override {}
  void abort_everything() override {}

  void fail_random(int times) {
    const std::lock_guard lock(mutex_);
    failures_ = times;
  }

  Gate watching;
  Gate retrying;

 private:
  std::mutex mutex_;
  int failures_ = 0;
};

/// What an observer was told; a test asks for it and waits for it.
class Told : public controller::ControllerObserver {
 public:
  struct Session {
    int started = 0;
    int in_progress = 0;
    int finished = 0;
    int with_next = 0;             ///< of the finished: how many had a time for the next one
    std::uint64_t generation = 0;  ///< of the last that finished
    int steps = 0;                 ///< of the controller, when it finished
  };

  void manifest_read(const manifest::Manifest& /*manifest*/, ports::TimePoint /*now*/) override {}
  void pass_started(const std::string& name) override {
    change([&] { ++sessions_[name].started; });
  }
  void in_progress(const std::vector<reconciler::PassProgress>& passes,
                   ports::TimePoint /*now*/) override {
    change([&] {
      for (const auto& pass : passes) ++sessions_[pass.name].in_progress;
    });
    if (on_progress) on_progress(passes);
  }
  void pass_finished(const controller::FinishedPass& pass,
                     std::optional<ports::TimePoint> next) override {
    change([&] {
      auto& session = sessions_[pass.name];
      ++session.finished;
      session.with_next += next ? 1 : 0;
      session.generation = pass.generation;
      session.steps = steps_;
    });
    if (on_finished) on_finished();
  }
  void stepped() override {
    change([&] { ++steps_; });
  }

  Session of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return sessions_[name];
  }
  bool wait(const std::string& name, const std::function<bool(const Session&)>& holds,
            ports::Duration longest = minutes(1)) {
    std::unique_lock lock(mutex_);
    return news_.wait_for(lock, longest, [&] { return holds(sessions_[name]); });
  }
  bool wait_for_finished(const std::string& name, int count) {
    return wait(name, [count](const Session& session) { return session.finished >= count; });
  }
  /// The controller came round after the session's last pass.
  bool wait_for_step_after(const std::string& name) {
    return wait(name, [this](const Session& session) { return steps_ > session.steps; });
  }

  // Called outside of any lock; set before the controller runs.
  std::function<void(const std::vector<reconciler::PassProgress>&)> on_progress;
  std::function<void()> on_finished;

 private:
  template <class Change>
  void change(const Change& change) {
    const std::lock_guard lock(mutex_);
    change();
    news_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable news_;
  std::map<std::string, Session> sessions_;
  int steps_ = 0;
};

/// Passes can be held up while they read the workspace.
class GatedServices : public MemoryPassServices {
 public:
  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& spec) override {
    scanning.pass();
    return MemoryPassServices::scan(spec);
  }
  Gate scanning;
};

/// Several passes at a time: each fails.
class UnreachableApi : public MemoryPassServices {
 public:
  std::unique_ptr<ports::SessionApi> make_api(os::CompletionQueue& /*queue*/) override {
    throw std::runtime_error("there is no API here");
  }
};

controller::ControllerOptions with_workers(int count) {
  controller::ControllerOptions options;
  options.workers = count;
  return options;
}

/// A controller over two sessions, with one worker.
class Running {
 public:
  Running() { tree.write("m.yaml", kTwoSessions); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    for (auto* gate : {&host.watching, &host.retrying, &services.scanning}) gate->open();
    controller.stop();
    thread_.join();
  }

  /// Until the first pass of each session is over.
  void start() {
    thread_ = std::thread([this] { controller.run(); });
    REQUIRE(told.wait_for_finished("s", 1));
    REQUIRE(told.wait_for_finished("t", 1));
  }
  /// In a call that has nothing to do with the manifest.
  void hold_the_controller() {
    host.retrying.close();
    controller.demand_pass({"nobody", ""});
    REQUIRE(host.retrying.wait());
  }
  /// With a pass of `t`, which no edit asks for: the one worker has then seen whatever was due
  /// before.
  void let_the_worker_come_round() {
    const auto before = told.of("t").started;
    controller.set_suspended({"t"});
    REQUIRE(told.wait("t", [&](const auto& t) { return t.started > before; }));
  }

  test::TempTree tree;
  GatedServices services;
  runner::PassRunner passes{services, {}};
  GatedHost host;
  Told told;
  controller::Controller controller{runner::ManifestSource(tree.at("m.yaml")), passes, host, told,
                                    with_workers(1)};

 private:
  std::thread thread_;
};

TEST_CASE("an edit is worked on, and told of, while the controller's thread is held up") {
  Running running;
  running.start();
  running.hold_the_controller();
  for (int passes = 2; passes <= 4; ++passes) {
    running.controller.sessions_changed({"s"});
    REQUIRE(running.told.wait_for_finished("s", passes));
  }
  CHECK(running.told.of("s").with_next == 4);
}

TEST_CASE("an edit that comes while a manifest waits to be read waits for it") {
  Running running;
  running.start();
  running.hold_the_controller();
  running.tree.write("m.yaml", std::string(kTwoSessions) + "# another\n");
  running.controller.manifest_changed();
  running.controller.sessions_changed({"s"});
  running.let_the_worker_come_round();
  CHECK(running.told.of("s").started == 1);
  running.host.retrying.open();
  CHECK(running.told.wait_for_finished("s", 2));
  CHECK(running.told.of("s").generation == 2);
}

TEST_CASE("an edit that comes while a manifest is being read waits for it") {
  Running running;
  running.start();
  running.tree.write("m.yaml", std::string(kTwoSessions) + "# another\n");
  running.host.watching.close();
  running.controller.manifest_changed();
  REQUIRE(running.host.watching.wait());
  running.controller.sessions_changed({"s"});
  running.let_the_worker_come_round();
  CHECK(running.told.of("s").started == 1);
  running.host.watching.open();
  CHECK(running.told.wait_for_finished("s", 2));
  CHECK(running.told.of("s").generation == 2);
}

TEST_CASE("a pass that ends while a manifest waits to be read is followed by one with that") {
  Running running;
  running.start();
  running.services.scanning.close();
  running.controller.sessions_changed({"s"});
  REQUIRE(running.services.scanning.wait());
  running.controller.sessions_changed({"s"});
  running.hold_the_controller();
  running.tree.write("m.yaml", std::string(kTwoSessions) + "# another\n");
  running.controller.manifest_changed();
  running.services.scanning.open();
  running.let_the_worker_come_round();
  CHECK(running.told.of("s").started == 2);
  running.host.retrying.open();
  CHECK(running.told.wait("s", [](const auto& s) { return s.generation == 2; }));
}

TEST_CASE("a pass that begins although the controller was not asked is said to go on") {
  Running running;
  running.start();
  REQUIRE(running.told.wait_for_step_after("t"));
  const auto before = running.told.of("s").in_progress;
  running.services.scanning.close();
  running.controller.sessions_changed({"s"});
  CHECK(running.told.wait("s", [&](const auto& s) { return s.in_progress >= before + 3; }));
}

TEST_CASE("the controller comes round after a pass has ended") {
  Running running;
  running.start();
  REQUIRE(running.told.wait_for_step_after("t"));
  running.controller.sessions_changed({"s"});
  REQUIRE(running.told.wait_for_finished("s", 2));
  CHECK(running.told.wait_for_step_after("s"));
}

TEST_CASE("what a pass came to is told after everything that was seen of it under way") {
  Running running;
  std::optional<bool> told_meanwhile;
  running.services.scanning.close();
  running.told.on_progress = [&](const std::vector<reconciler::PassProgress>& passes) {
    if (passes.empty() || told_meanwhile) return;
    running.services.scanning.open();
    const auto name = passes.front().name;
    // It would come at once.
    told_meanwhile = running.told.wait(
        name, [](const auto& session) { return session.finished > 0; }, ports::Duration(500));
  };
  running.start();
  REQUIRE(told_meanwhile);
  CHECK_FALSE(*told_meanwhile);
}

TEST_CASE("a pass that could not be recorded at once is, and the session has its next one") {
  Running running;
  running.start();
  running.host.fail_random(2);
  running.controller.sessions_changed({"s"});
  CHECK(running.told.wait_for_finished("s", 2));
  running.controller.sessions_changed({"s"});
  CHECK(running.told.wait_for_finished("s", 3));
  CHECK(running.told.of("s").with_next == 3);
}

TEST_CASE("passes that end at the same time are concluded at the same time") {
  constexpr int kCount = 4;
  std::string manifest = "version: 1\nowner: o\nsessions:\n";
  std::vector<std::string> names;
  for (int i = 0; i < kCount; ++i) {
    names.push_back("s" + std::to_string(i));
    manifest += "  - {name: " + names.back() + ", session_id: sesn_" + std::to_string(i) + "}\n";
  }
  const test::TempTree tree;
  tree.write("m.yaml", manifest);
  UnreachableApi services;
  runner::PassRunner passes(services, {});
  GatedHost host;
  Told told;
  std::mutex mutex;
  std::condition_variable news;
  int inside = 0;
  bool together = true;
  told.on_finished = [&] {
    std::unique_lock lock(mutex);
    ++inside;
    news.notify_all();
    together &= news.wait_for(lock, minutes(1), [&] { return inside >= kCount; });
  };
  controller::Controller controller(runner::ManifestSource(tree.at("m.yaml")), passes, host, told,
                                    with_workers(kCount));
  std::thread running([&] { controller.run(); });
  for (const auto& name : names) CHECK(told.wait_for_finished(name, 1));
  controller.sessions_changed(names);
  for (const auto& name : names) {
    CHECK(told.wait_for_finished(name, 2));
    const auto session = told.of(name);
    CHECK(session.with_next == session.finished);
  }
  controller.stop();
  running.join();
  CHECK(together);
}

}  // namespace
}  // namespace sessync
