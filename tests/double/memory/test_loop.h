#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "reconciler/ports/loop.h"

namespace sessync {

/// A loop with a simulated clock. What is under way happens first come first served, or, with a
/// seed, in random order: requests overtake each other on their way, and so do answers. Time stands
/// still while anything is under way and then jumps to the next timer.
class TestLoop : public ports::Loop {
 public:
  /// Runs in the far world (a server, a disk) and returns what it sends back, delivered later.
  using Remote = std::function<std::function<void()>()>;

  TestLoop() = default;
  explicit TestLoop(std::uint64_t seed) : random_(seed * 2 + 1) {}

  [[nodiscard]] ports::TimePoint now() const override { return now_; }
  void after(ports::Duration delay, std::function<void()> then) override;
  bool run_one() override;
  [[nodiscard]] bool stopping() const override { return stopping_ || withdrawn_; }
  [[nodiscard]] bool ending() const override { return stopping_; }

  /// A completion, delivered by a later run_one().
  void post(std::function<void()> completion);
  /// Work on its way to a disk of ours: it runs in its turn, what it returns is delivered in its
  /// own.
  void submit(Remote work);
  /// The same for a request to a server: it may outlive the process that sent it.
  void request(Remote work);
  /// A request that starts once `delay` is over.
  void request_after(ports::Duration delay, Remote work);

  void stop() { stopping_ = true; }
  /// What the pass was made with is no longer in force.
  void withdraw(bool is_withdrawn = true) { withdrawn_ = is_withdrawn; }
  /// Moves the clock; timers that come due run in the next run_one().
  void advance(ports::Duration by) { now_ += by; }
  /// Runs until nothing is under way and no timer waits.
  void run_all();
  /// Nothing is under way (timers may wait).
  [[nodiscard]] bool idle() const { return items_.empty(); }

  /// Runs one item of what is under way now, an arrival or a completion, without moving the clock.
  /// False: nothing is.
  bool run_item();
  [[nodiscard]] std::optional<ports::TimePoint> next_timer() const;
  /// Completions that ran so far.
  [[nodiscard]] std::uint64_t completions() const { return completions_; }

  /// What becomes of a request whose sender dies.
  enum class Fate { kLost, kArrives, kStillOnItsWay };
  /// The process dies: completions and timers are gone. Requests that were on their way meet their
  /// fate; nobody hears their answers.
  void crash(const std::function<Fate()>& fate);
  void crash(bool requests_arrive) {
    crash([requests_arrive] { return requests_arrive ? Fate::kArrives : Fate::kLost; });
  }

 private:
  struct Item {
    std::function<void()> completion;
    Remote remote;
    bool is_request = false;
  };
  void take_due_timers();
  bool jump_to_next_timer();
  /// Runs one item; true if it was a completion.
  bool step();
  std::size_t choose();

  std::vector<Item> items_;
  std::multimap<ports::TimePoint, Item> timers_;
  ports::TimePoint now_{std::chrono::seconds(1'790'000'000)};
  std::optional<std::uint64_t> random_;
  std::uint64_t completions_ = 0;
  bool stopping_ = false;
  bool withdrawn_ = false;
};

}  // namespace sessync
