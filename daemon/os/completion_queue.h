#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "reconciler/ports/loop.h"

namespace sessync {

/// Wall-clock time anchored once per process, advanced by the steady clock (see TimePoint).
TimePoint now_anchored();

/// The loop of one pass worker: other threads post completions, the worker pumps them.
class CompletionQueue : public Loop {
 public:
  CompletionQueue() = default;
  /// `withdrawn`: true once what the pass was made with is no longer in force. Asked on any thread.
  explicit CompletionQueue(std::function<bool()> withdrawn) : withdrawn_(std::move(withdrawn)) {}

  /// Announces one completion that some thread will post; until then run_one() waits. Call it on
  /// the pumping thread before the work is handed over.
  void expect();

  /// Withdraws one announcement: nothing will be posted for it. On the pumping thread.
  void expect_less();

  /// Delivers an announced completion. Any thread.
  void post(std::function<void()> completion);

  /// Waits for everything that is announced, and runs none of it. On the pumping thread.
  void discard_all();

  /// Shutdown: from now on stopping() and ending() are true. Any thread.
  void stop();

  /// Since when run_one() has been waiting, if it is. Any thread.
  [[nodiscard]] std::optional<TimePoint> waiting_since() const;

  [[nodiscard]] TimePoint now() const override { return now_anchored(); }
  void after(Duration delay, std::function<void()> then) override;
  bool run_one() override;
  [[nodiscard]] bool stopping() const override;
  [[nodiscard]] bool ending() const override;

 private:
  using Steady = std::chrono::steady_clock;
  bool take_next(std::function<void()>& next);
  bool wait_for_next(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> posted_;
  std::multimap<Steady::time_point, std::function<void()>> timers_;
  std::function<bool()> withdrawn_;
  std::size_t expected_ = 0;
  std::optional<TimePoint> waiting_since_;
  bool stopping_ = false;
};

/// An announcement that is withdrawn unless the work was handed over: what threw on the way there
/// posts nothing, and waiting for it would not end.
class Announcement {
 public:
  explicit Announcement(CompletionQueue& queue) : queue_(&queue) { queue.expect(); }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;
  ~Announcement() {
    if (queue_ != nullptr) queue_->expect_less();
  }

  void handed_over() { queue_ = nullptr; }

 private:
  CompletionQueue* queue_;
};

}  // namespace sessync
