#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "reconciler/loop.h"

namespace sessync {

/// A loop with a simulated clock. What is under way happens first come first served, or, with a
/// seed, in random order: requests overtake each other on their way, and so do answers. Time stands
/// still while anything is under way and then jumps to the next timer.
class TestLoop : public Loop {
 public:
  /// Runs in the far world (a server, a disk) and returns what it sends back, delivered later.
  using Remote = std::function<std::function<void()>()>;

  TestLoop() = default;
  explicit TestLoop(std::uint64_t seed) : random_(seed * 2 + 1) {}

  [[nodiscard]] TimePoint now() const override { return now_; }
  void after(Duration delay, std::function<void()> then) override;
  bool run_one() override;
  [[nodiscard]] bool stopping() const override { return stopping_; }

  /// A completion, delivered by a later run_one().
  void post(std::function<void()> completion);
  /// A request on its way: `work` runs in its turn, what it returns is delivered in its own.
  void submit(Remote work);
  /// The same, starting once `delay` is over.
  void submit_after(Duration delay, Remote work);

  void stop() { stopping_ = true; }
  /// Moves the clock; timers that come due run in the next run_one().
  void advance(Duration by) { now_ += by; }
  /// Runs until nothing is under way and no timer waits.
  void run_all();
  /// Nothing is under way (timers may wait).
  [[nodiscard]] bool idle() const { return items_.empty(); }

  /// The process dies: completions and timers are gone. Requests that were on their way still
  /// arrive (`requests_arrive`) or are lost; nobody hears their answers.
  void crash(bool requests_arrive);

 private:
  struct Item {
    std::function<void()> completion;
    Remote remote;
  };
  void take_due_timers();
  bool jump_to_next_timer();
  /// Runs one item; true if it was a completion.
  bool step();
  std::size_t choose();

  std::vector<Item> items_;
  std::multimap<TimePoint, Item> timers_;
  TimePoint now_{std::chrono::seconds(1'790'000'000)};
  std::optional<std::uint64_t> random_;
  bool stopping_ = false;
};

}  // namespace sessync
