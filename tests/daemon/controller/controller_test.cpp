#include "daemon/controller/controller.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/daemon/os/temp_tree.h"
#include "tests/daemon/pass/memory_pass_services.h"

namespace sessync {
namespace {

constexpr const char* kManifest =
    "version: 1\nowner: o\nsessions:\n  - {name: s, session_id: sesn_1}\n";

/// Nothing around the controller goes well.
class FaultyHost : public controller::ControllerHost {
 public:
  std::optional<manifest::Holdings> remembered() override { return manifest::Holdings(); }
  void remember(const manifest::Holdings& /*holdings*/) override {}
  void watch(const manifest::Manifest& /*manifest*/) override {}
  bool watching_degraded() override { return false; }
  double random() override { return 0.5; }
  void retry_pending() override {}
  void save_digests() override { throw std::runtime_error("no digests here"); }
  void collect(const std::string& /*owner*/) override {}
  void abort_uploads() override {}
  void abort_everything() override {}
};

/// Counts what it is told, and throws whatever it is told.
class FaultyObserver : public controller::ControllerObserver {
 public:
  void manifest_read(const manifest::Manifest& /*manifest*/, ports::TimePoint /*now*/) override {
    fail();
  }
  void pass_started(const std::string& /*name*/) override { fail(); }
  void in_progress(const std::vector<reconciler::PassProgress>& /*passes*/,
                   ports::TimePoint /*now*/) override {
    fail();
  }
  void pass_finished(const controller::FinishedPass& pass,
                     std::optional<ports::TimePoint> /*next*/) override {
    const std::lock_guard lock(mutex_);
    ++finished_;
    generation_ = pass.generation;
    news_.notify_all();
    fail();
  }
  void stepped() override { fail(); }

  bool wait_for_passes(int count) {
    std::unique_lock lock(mutex_);
    return news_.wait_for(lock, std::chrono::minutes(2), [&] { return finished_ >= count; });
  }
  /// Of what was in force so many times.
  bool wait_for_generation(std::uint64_t generation) {
    std::unique_lock lock(mutex_);
    return news_.wait_for(lock, std::chrono::minutes(1), [&] { return generation_ >= generation; });
  }

 private:
  static void fail() { throw std::runtime_error("nobody shows anything here"); }

  std::mutex mutex_;
  std::condition_variable news_;
  int finished_ = 0;
  std::uint64_t generation_ = 0;
};

TEST_CASE("what the surroundings of the controller throw keeps no session from its next pass") {
  const test::TempTree tree;
  tree.write("m.yaml", kManifest);
  MemoryPassServices services;
  runner::PassRunner passes(services, {});
  FaultyHost host;
  FaultyObserver observer;
  controller::Controller controller(runner::ManifestSource(tree.at("m.yaml")), passes, host,
                                    observer, {});
  std::thread running([&] { controller.run(); });
  CHECK(observer.wait_for_passes(1));
  controller.demand_pass({"s", ""});
  CHECK(observer.wait_for_passes(2));
  controller.stop();
  running.join();
}

/// Does not come to an end of watching the first manifest before it is let go, and cannot watch the
/// second.
class HeldHost : public FaultyHost {
 public:
  void watch(const manifest::Manifest& /*manifest*/) override {
    const int number = ++watched_;
    if (number == 1) {
      held_.set_value();
      go_.get_future().wait();
    }
    if (number == 2) {
      throw std::runtime_error("too many open files");
    }
  }
  void wait() { held_.get_future().wait(); }
  void let_go() { go_.set_value(); }

 private:
  std::atomic<int> watched_{0};
  std::promise<void> held_;
  std::promise<void> go_;
};

TEST_CASE("what the controller was told is done, if not at once") {
  const test::TempTree tree;
  tree.write("m.yaml", kManifest);
  MemoryPassServices services;
  runner::PassRunner passes(services, {});
  HeldHost host;
  FaultyObserver observer;
  controller::Controller controller(runner::ManifestSource(tree.at("m.yaml")), passes, host,
                                    observer, {});
  std::thread running([&] { controller.run(); });
  host.wait();
  controller.reload();
  host.let_go();
  CHECK(observer.wait_for_generation(2));
  controller.stop();
  running.join();
}

/// Cannot watch the first manifest at once.
class LateHost : public controller::ScheduleHost, public controller::HoldingsKeeper {
 public:
  std::optional<manifest::Holdings> remembered() override { return manifest::Holdings(); }
  void remember(const manifest::Holdings& /*holdings*/) override {}
  std::vector<manifest::ManifestText> read_manifest() override {
    return {{"m.yaml", kManifest, ""}};
  }
  void announce(const manifest::Manifest& /*manifest*/) override {
    if (++announced == 1) {
      throw std::runtime_error("too many open files");
    }
  }
  bool watching_degraded() override { return false; }
  int announced = 0;
};

TEST_CASE("a manifest that could not be put in force at once is, although nothing happens") {
  LateHost host;
  controller::Schedule schedule(host, host, {});
  const ports::TimePoint now{};
  controller::Wakeup first;
  first.manifest = true;
  CHECK_THROWS_AS(schedule.step(first, now), std::runtime_error);
  CHECK_FALSE(schedule.table().start(now));
  const auto work = schedule.step({}, now);
  REQUIRE(work.next);
  schedule.step({}, *work.next);
  CHECK(schedule.table().start(*work.next));
}

/// Knows at first not what was in force before the start.
class LateKeeper : public controller::ScheduleHost, public controller::HoldingsKeeper {
 public:
  std::vector<manifest::ManifestText> read_manifest() override {
    return {{"a.yaml", kManifest, ""}, {"b.yaml", kManifest, ""}};
  }
  void announce(const manifest::Manifest& /*manifest*/) override {}
  bool watching_degraded() override { return false; }
  std::optional<manifest::Holdings> remembered() override { return before; }
  void remember(const manifest::Holdings& holdings) override { kept = holdings; }

  std::optional<manifest::Holdings> before;
  std::optional<manifest::Holdings> kept;
};

TEST_CASE("what was in force before decides as soon as it is known, and is kept from then on") {
  LateKeeper keeper;
  controller::Schedule schedule(keeper, keeper, {});
  controller::Wakeup reload;
  reload.reload = true;
  schedule.step(reload, {});
  CHECK(schedule.manifest().sessions().empty());
  CHECK_FALSE(keeper.kept);  // it may be less than what was

  using manifest::ClaimKind;
  keeper.before = manifest::Holdings{
      "o", {{ClaimKind::kName, "s", "b.yaml"}, {ClaimKind::kSessionId, "sesn_1", "b.yaml"}}};
  schedule.step(reload, {});
  REQUIRE(schedule.manifest().sessions().size() == 1);
  CHECK(schedule.manifest().sessions().front().at.file == "b.yaml");
  REQUIRE(keeper.kept);
  CHECK(keeper.kept->claims == keeper.before->claims);
  CHECK(keeper.kept->refused ==
        std::vector<manifest::Holding>{{ClaimKind::kName, "s", "a.yaml"},
                                       {ClaimKind::kSessionId, "sesn_1", "a.yaml"}});
}

}  // namespace
}  // namespace sessync
