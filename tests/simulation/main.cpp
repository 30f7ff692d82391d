#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/simulation/simulation.h"

namespace {

using sessync::simulation::draw_scenario;
using sessync::simulation::Scenario;
using sessync::simulation::Verdict;

struct Settings {
  std::uint64_t seeds = 20'000;
  std::uint64_t first = 1;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::uint64_t most_failures = 1;
  bool with_trace = false;
  bool twice = false;
};

struct Totals {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> passes{0};
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> crashes{0};
  std::mutex mutex;
  std::vector<Scenario> failed;
};

void explain(const Scenario& scenario, bool with_trace) {
  const auto small = sessync::simulation::shrink(scenario);
  const auto verdict = sessync::simulation::run(small, true);
  std::cout << "seed " << scenario.seed << ": " << verdict.violation.value_or("not again") << "\n  "
            << scenario.steps.size() << " steps, shrunk to " << small.steps.size() << ":";
  for (const auto& step : small.steps) {
    std::cout << ' ' << to_string(step.kind);
  }
  std::cout << "\n";
  constexpr std::size_t kShort = 60;
  const auto& trace = verdict.trace;
  const auto begin = with_trace || trace.size() < kShort ? 0 : trace.size() - kShort;
  for (auto i = begin; i < trace.size(); ++i) {
    std::cout << "  " << trace[i] << "\n";
  }
  std::cout << std::flush;
}

/// How a run of a seed can end; each seed is run once for each.
constexpr std::array kEndings{Scenario::Ending::kPeace, Scenario::Ending::kPlan};

bool holds(const Settings& settings, const Scenario& scenario, Totals& totals) {
  const auto verdict = sessync::simulation::run(scenario);
  totals.passes += verdict.passes;
  totals.calls += verdict.api_calls;
  totals.crashes += verdict.crashes;
  if (settings.twice && sessync::simulation::run(scenario).trace_hash != verdict.trace_hash) {
    std::cout << "seed " << scenario.seed << ": two runs differ\n";
    return false;
  }
  return !verdict.violation;
}

void work(const Settings& settings, Totals& totals) {
  for (auto i = totals.next++; i < settings.seeds; i = totals.next++) {
    const auto seed = settings.first + i;
    const auto broken = std::ranges::find_if_not(kEndings, [&](Scenario::Ending ending) {
      return holds(settings, draw_scenario(seed, ending), totals);
    });
    ++totals.done;
    const std::lock_guard lock(totals.mutex);
    if (broken != kEndings.end()) {
      totals.failed.push_back(draw_scenario(seed, *broken));
      std::cerr << "seed " << seed << " breaks a promise\n";
    }
    if (totals.failed.size() >= settings.most_failures) {
      return;
    }
  }
}

int run_all(const Settings& settings) {
  Totals totals;
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    threads.reserve(settings.jobs);
    for (unsigned i = 0; i < settings.jobs; ++i) {
      threads.emplace_back([&] { work(settings, totals); });
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  for (const auto& scenario : totals.failed) {
    explain(scenario, settings.with_trace);
  }
  std::cout << totals.done << " seeds from " << settings.first << ", " << totals.passes
            << " passes, " << totals.calls << " API calls, " << totals.crashes << " crashes, "
            << totals.failed.size() << " violations, " << static_cast<int>(took.count()) << " s\n"
            << totals.done - totals.failed.size() << " passed, " << totals.failed.size()
            << " failed\n";
  return totals.failed.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  std::uint64_t seed = 0;
  CLI::App app("Searches for a scenario in which sessync breaks one of its promises.");
  app.add_option("--seeds", settings.seeds, "how many scenarios");
  app.add_option("--first", settings.first, "the first seed");
  app.add_option("--seed", seed, "only this one, with its whole trace");
  app.add_option("--jobs", settings.jobs, "threads");
  app.add_option("--failures", settings.most_failures, "stop after so many violations");
  app.add_flag("--twice", settings.twice, "run each seed twice and compare the traces");
  CLI11_PARSE(app, argc, argv);
  if (seed != 0) {
    settings.first = seed;
    settings.seeds = 1;
    settings.with_trace = true;
  }
  return run_all(settings);
}
