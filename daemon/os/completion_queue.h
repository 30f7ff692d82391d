#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "reconciler/ports/loop.h"

namespace sessync::os {

/// Wall-clock time anchored once per process, advanced by the steady clock (see TimePoint).
ports::TimePoint now_anchored();

/// The loop of one pass worker: other threads post completions, the worker pumps them.
class CompletionQueue : public ports::Loop {
 public:
  CompletionQueue() = default;
  /// `withdrawn`: true once what the pass was made with is no longer in force. Asked on any thread.
  explicit CompletionQueue(std::function<bool()> withdrawn) : withdrawn_(std::move(withdrawn)) {}

  /// Announces one completion that some thread will post; until then run_one() waits. Call it on
  /// the pumping thread before the work is handed over; better, make a Delivery.
  void expect();

  /// Delivers an announced completion. Its place was made by expect(), so it needs no memory. Any
  /// thread.
  void post(std::function<void()> completion) noexcept;

  /// Runs `work`, from which an announced completion will come, once run_one() would have to wait;
  /// `alone`: for nothing but such work, so that it may take its time here. On the pumping thread,
  /// this and that.
  void put_off(std::function<void(bool alone)> work);

  /// Waits for everything that is announced, and runs none of it. What was put off is not alone. On
  /// the pumping thread.
  void discard_all();

  /// Shutdown: from now on stopping() and ending() are true. Any thread.
  void stop();

  /// Since when run_one() has been waiting, if it is. Any thread.
  [[nodiscard]] std::optional<ports::TimePoint> waiting_since() const;

  [[nodiscard]] ports::TimePoint now() const override { return now_anchored(); }
  void after(ports::Duration delay, std::function<void()> then) override;
  bool run_one() override;
  [[nodiscard]] bool stopping() const override;
  [[nodiscard]] bool ending() const override;

 private:
  using Steady = std::chrono::steady_clock;
  enum class MayBeAlone { kNo, kYes };
  bool take_next(std::function<void()>& next);
  bool run_put_off(std::unique_lock<std::mutex>& lock, MayBeAlone may_be);
  bool wait_for_next(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::list<std::function<void()>> announced_;  ///< places for what is to be posted
  std::list<std::function<void()>> posted_;
  std::multimap<Steady::time_point, std::function<void()>> timers_;
  std::vector<std::function<void(bool alone)>> put_off_;
  std::function<bool()> withdrawn_;
  std::optional<ports::TimePoint> waiting_since_;
  bool stopping_ = false;
};

/// A completion that is announced to a queue when this is made, and posted to it exactly once,
/// whatever is thrown on the way: `lost`, which is made beforehand, when this goes without another
/// one. Make it on the pumping thread, share it with whoever answers. The queue must outlive it.
class Delivery {
 public:
  Delivery(CompletionQueue& queue, std::function<void()> lost)
      : queue_(queue), lost_(std::move(lost)) {
    queue_.expect();
  }
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery() {
    if (lost_) queue_.post(std::move(lost_));
  }

  /// Nothing, after the first time. On one thread at a time.
  void post(std::function<void()> completion) noexcept {
    if (!lost_) return;
    lost_ = nullptr;
    queue_.post(std::move(completion));
  }

 private:
  CompletionQueue& queue_;
  std::function<void()> lost_;
};

}  // namespace sessync::os
