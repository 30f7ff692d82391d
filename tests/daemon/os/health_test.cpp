#include "daemon/os/health.h"

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>

namespace sessync::test {
namespace {

using namespace std::chrono_literals;
using Readings = std::vector<PulseReading>;

PulseReading reading(const std::string& name, Duty duty, std::chrono::milliseconds silent) {
  return {name, duty, "", silent};
}

/// Of the pulse with this name, as of `now`; nothing if there is none.
std::optional<std::chrono::milliseconds> silence_of(const std::string& name,
                                                    Pulse::Clock::time_point now) {
  const auto all = pulses(now);
  const auto found = std::ranges::find(all, name, &PulseReading::name);
  return found == all.end() ? std::nullopt : std::optional(found->silent);
}

}  // namespace

TEST_CASE("a process is alive while no vital thread is silent for a minute") {
  for (const auto* name : {"controller", "api", "store"}) {
    CHECK(judge_pulses(Readings{reading(name, Duty::kVital, 59'999ms)}).alive);
    const auto health = judge_pulses(Readings{reading(name, Duty::kVital, 60s)});
    CHECK_FALSE(health.alive);
    CHECK(health.stuck == std::vector<std::string>{name});
    REQUIRE(health.problems.size() == 1);
    CHECK(health.problems[0].find(name) != std::string::npos);
    CHECK(health.problems[0].find("60 s") != std::string::npos);
  }
}

TEST_CASE("one stuck worker is named, all of them are the end") {
  Readings readings{reading("worker-0", Duty::kWorker, 61s),
                    reading("worker-1", Duty::kWorker, 1s)};
  readings[0].busy_with = "working on session research";
  const auto one = judge_pulses(readings);
  CHECK(one.alive);
  CHECK(one.stuck == std::vector<std::string>{"worker-0"});
  CHECK(one.problems.at(0).find("working on session research") != std::string::npos);
  readings[1].silent = 75s;
  const auto all = judge_pulses(readings);
  CHECK_FALSE(all.alive);
  CHECK(all.stuck == std::vector<std::string>{"worker-0", "worker-1"});
}

TEST_CASE("a helper that is stuck is named and nothing more") {
  const auto health = judge_pulses(Readings{reading("log", Duty::kHelper, 90s)});
  CHECK(health.alive);
  CHECK(health.stuck == std::vector<std::string>{"log"});
  CHECK(judge_pulses({}).alive);
  CHECK(judge_pulses({}).problems.empty());
}

TEST_CASE("a thread is heard of from its start to its end, and is silent since its last beat") {
  const auto before = Pulse::Clock::now();
  std::promise<void> started;
  std::promise<void> go_on;
  std::promise<void> beaten;
  std::promise<void> end;
  std::thread thread([&] {
    const Pulse pulse("heard", Duty::kHelper);
    started.set_value();
    go_on.get_future().wait();
    beat();
    beaten.set_value();
    end.get_future().wait();
  });
  started.get_future().wait();
  const auto at_start = silence_of("heard", before + 1h);
  REQUIRE(at_start);
  CHECK(*at_start <= 1h);
  const auto later = Pulse::Clock::now();
  go_on.set_value();
  beaten.get_future().wait();
  CHECK(*silence_of("heard", later + 1h) <= 1h);
  end.set_value();
  thread.join();
  CHECK_FALSE(silence_of("heard", later));
  beat();  // of a thread without a pulse is nothing
}

}  // namespace sessync::test
