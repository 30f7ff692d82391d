#include "daemon/os/health.h"

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>

namespace sessync::test {
namespace {

using namespace std::chrono_literals;
using Readings = std::vector<os::PulseReading>;

os::PulseReading reading(const std::string& name, os::Duty duty, std::chrono::milliseconds silent) {
  return {name, duty, "", silent};
}

/// Of the pulse with this name, as of `now`; nothing if there is none.
std::optional<std::chrono::milliseconds> silence_of(const std::string& name,
                                                    os::Pulse::Clock::time_point now) {
  const auto all = os::pulses(now);
  const auto found = std::ranges::find(all, name, &os::PulseReading::name);
  return found == all.end() ? std::nullopt : std::optional(found->silent);
}

}  // namespace

TEST_CASE("a process is alive while no vital thread is silent for a minute") {
  for (const auto* name : {"controller", "api", "store"}) {
    CHECK(os::judge_pulses(Readings{reading(name, os::Duty::kVital, 59'999ms)}).alive);
    const auto health = os::judge_pulses(Readings{reading(name, os::Duty::kVital, 60s)});
    CHECK_FALSE(health.alive);
    CHECK(health.stuck == std::vector<std::string>{name});
    REQUIRE(health.problems.size() == 1);
    CHECK(health.problems[0].find(name) != std::string::npos);
    CHECK(health.problems[0].find("60 s") != std::string::npos);
  }
}

TEST_CASE("one stuck worker is named, all of them are the end") {
  Readings readings{reading("worker-0", os::Duty::kWorker, 61s),
                    reading("worker-1", os::Duty::kWorker, 1s)};
  readings[0].busy_with = "working on session research";
  const auto one = os::judge_pulses(readings);
  CHECK(one.alive);
  CHECK(one.stuck == std::vector<std::string>{"worker-0"});
  CHECK(one.problems.at(0).find("working on session research") != std::string::npos);
  readings[1].silent = 75s;
  const auto all = os::judge_pulses(readings);
  CHECK_FALSE(all.alive);
  CHECK(all.stuck == std::vector<std::string>{"worker-0", "worker-1"});
}

TEST_CASE("a helper that is stuck is named and nothing more") {
  const auto health = os::judge_pulses(Readings{reading("log", os::Duty::kHelper, 90s)});
  CHECK(health.alive);
  CHECK(health.stuck == std::vector<std::string>{"log"});
  CHECK(os::judge_pulses({}).alive);
  CHECK(os::judge_pulses({}).problems.empty());
}

TEST_CASE("a thread is heard of from its start to its end, and is silent since its last beat") {
  const auto before = os::Pulse::Clock::now();
  std::promise<void> started;
  std::promise<void> go_on;
  std::promise<void> beaten;
  std::promise<void> end;
  std::thread thread([&] {
    const os::Pulse pulse("heard", os::Duty::kHelper);
    started.set_value();
    go_on.get_future().wait();
    os::beat();
    beaten.set_value();
    end.get_future().wait();
  });
  started.get_future().wait();
  const auto at_start = silence_of("heard", before + 1h);
  REQUIRE(at_start);
  CHECK(*at_start <= 1h);
  const auto later = os::Pulse::Clock::now();
  go_on.set_value();
  beaten.get_future().wait();
  CHECK(*silence_of("heard", later + 1h) <= 1h);
  end.set_value();
  thread.join();
  CHECK_FALSE(silence_of("heard", later));
  os::beat();  // of a thread without a pulse is nothing
}

}  // namespace sessync::test
