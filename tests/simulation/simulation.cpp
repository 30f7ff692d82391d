#include "tests/simulation/simulation.h"

#include <algorithm>
#include <memory>

#include "tests/simulation/daemon.h"
#include "tests/simulation/final_state.h"
#include "tests/simulation/plan_judge.h"

namespace sessync::simulation {
namespace {

using StepKind = Step::Kind;

/// More turns than any scenario needs: what goes on for longer never comes to rest.
constexpr std::uint64_t kMostTurns = 400'000;
/// A refusal is remembered for an hour, which the pass of the hour after it notices.
constexpr ports::Duration kPeace = std::chrono::minutes(125);
/// In peace: what was asked to be waited for before it, and what is left to do.
constexpr ports::Duration kLongestJob = std::chrono::minutes(90);

class Run {
 public:
  Run(const Scenario& scenario, bool with_trace) : scenario_(scenario), world_(scenario) {
    world_.is_traced = with_trace;
    begin_life();
  }

  Verdict judge() {
    try {
      live_through_steps();
      if (!world_.violation) {
        scenario_.ending == Scenario::Ending::kPlan ? plan_and_apply() : live_in_peace();
      }
    } catch (const std::exception& mistake) {
      world_.violated(std::string("nothing is ever thrown: ") + mistake.what());
    }
    daemon_.reset();
    return {world_.violation, world_.trace_hash, std::move(world_.trace),
            passes_,          api_calls(),       crashes_};
  }

 private:
  void begin_life() {
    daemon_.reset();
    daemon_ = std::make_unique<Daemon>(world_);
  }

  [[nodiscard]] std::uint64_t api_calls() const {
    std::uint64_t sum = 0;
    for (const auto& api : world_.apis) {
      sum += api->calls.entries().size();
    }
    return sum;
  }

  /// One thing that can happen now. False: time must pass.
  bool turn() {
    if (++turns_ > kMostTurns) {
      world_.violated("converges: it never comes to rest");
      return false;
    }
    if (world_.random.one_in(48)) {
      world_.advance_to(world_.now() + ports::Duration(1 + world_.random.below(60)));
    }
    if (world_.random.one_in(2)) {
      return daemon_->act() || world_.loop.run_item();
    }
    return world_.loop.run_item() || daemon_->act();
  }

  /// Lets time pass, but no further than to `limit`. False: nothing was left to happen before.
  bool wait(ports::TimePoint limit) {
    auto next = limit;
    for (const auto& wish : {world_.loop.next_timer(), daemon_->next()}) {
      next = std::min(next, wish.value_or(limit));
    }
    if (next > world_.now()) {
      const bool is_stuck = world_.loop.idle() && !world_.loop.next_timer();
      if (is_stuck && daemon_->give_up_waiting()) {
        return true;
      }
      world_.advance_to(next);
    }
    return next < limit;
  }

  void live_until(ports::TimePoint end) {
    while (!world_.violation && world_.now() < end) {
      if (!turn()) {
        wait(end);
      }
    }
  }

  void live_through_steps() {
    for (const auto& step : scenario_.steps) {
      if (step.delay == ports::Duration{0}) {
        for (auto left = world_.random.below(40); left > 0 && !world_.violation; --left) {
          turn();
        }
      } else {
        live_until(world_.now() + step.delay);
      }
      if (world_.violation) {
        return;
      }
      perform(step);
    }
  }

  void perform(const Step& step) {
    world_.perform(step);
    switch (step.kind) {
      case StepKind::kSuspend:
      case StepKind::kResume:
        return suspend_some(step);
      case StepKind::kStop:
        return restart();
      case StepKind::kCrash:
      case StepKind::kStateLost:
        ++crashes_;
        daemon_->crash();
        if (step.kind == StepKind::kStateLost) {
          world_.lose_state();
          world_.suspended.clear();
          daemon_->lose_digests();
        }
        return end_life();
      default:
        return;
    }
  }

  void suspend_some(const Step& step) {
    const auto sessions = daemon_->sessions();
    if (step.kind == StepKind::kResume) {
      world_.suspended.clear();
    } else if (!sessions.empty()) {
      world_.suspended.insert(sessions[step.number % sessions.size()].name);
    }
    daemon_->obey_suspensions();
  }

  /// Keys are what a process is started with.
  void end_life() {
    passes_ += daemon_->passes();
    if (!world_.markers.keys.empty() && world_.random.one_in(3)) {
      world_.rotate_marker_key();
    }
    begin_life();
  }

  void restart() {
    daemon_->stop();
    finish_jobs();
    daemon_->crash();
    end_life();
  }

  void live_in_peace() {
    world_.calm();
    daemon_->obey_suspensions();
    live_until(world_.now() + kPeace);
    judge_progress();
    finish_jobs();
    if (!world_.violation) {
      FinalState(world_, *daemon_, [this] { finish_jobs(); }).judge();
    }
    passes_ += daemon_->passes();
  }

  /// The daemon ends, whether it likes it or not; what it sent arrives; then commands are given.
  void plan_and_apply() {
    if (world_.random.one_in(2)) {
      restart();
    } else {
      daemon_->crash();
      end_life();
    }
    world_.end_faults();
    finish_jobs();
    while (world_.loop.next_timer()) {
      world_.advance_to(*world_.loop.next_timer());
      while (world_.loop.run_item()) {
      }
    }
    if (!world_.violation) {
      PlanJudge(world_, *daemon_, [this] { finish_jobs(); }).judge();
    }
    passes_ += daemon_->passes();
  }

  /// No limit is obeyed for longer than an hour.
  void judge_progress() {
    const auto oldest = daemon_->oldest_job();
    if (oldest && world_.now() - *oldest > kLongestJob) {
      world_.violated("nothing stands still: a pass waits although nothing goes wrong any more");
    }
  }

  /// Nothing is under way any more.
  void finish_jobs() {
    daemon_->stop_scheduling();
    while ((daemon_->is_busy() || !world_.loop.idle()) && !world_.violation) {
      if (!turn()) {
        wait(world_.now() + std::chrono::hours(1));
      }
    }
  }

  const Scenario& scenario_;
  World world_;
  std::unique_ptr<Daemon> daemon_;
  std::uint64_t turns_ = 0;
  std::uint64_t passes_ = 0;
  std::uint64_t crashes_ = 0;
};

}  // namespace

Verdict run(const Scenario& scenario, bool with_trace) { return Run(scenario, with_trace).judge(); }

Scenario shrink(const Scenario& failing) {
  auto smallest = failing;
  for (std::size_t width = smallest.steps.size(); width > 0; width /= 2) {
    for (std::size_t at = 0; at < smallest.steps.size();) {
      auto candidate = smallest;
      const auto begin = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(width, candidate.steps.size() - at);
      candidate.steps.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
      if (run(candidate).violation) {
        smallest = std::move(candidate);
      } else {
        at += width;
      }
    }
  }
  return smallest;
}

}  // namespace sessync::simulation
