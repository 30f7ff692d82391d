#pragma once

#include <cstddef>
#include <mutex>
#include <optional>

#include "reconciler/schedule/rate_budget.h"

namespace sessync::api {

/// The budget of one class, shared by the dispatcher, whose tickets wait for it in lines, and by
/// whoever can do without a ticket because nobody waits. Any thread; it calls nobody.
class SharedBudget {
 public:
  explicit SharedBudget(std::optional<double> calls_per_second) : budget_(calls_per_second) {}

  /// As RateBudget's, for the ticket whose turn it is. What it cannot have holds it up.
  bool take(ports::TimePoint now, int permits, schedule::Freeze freeze);
  /// The same without a ticket, and only if no other call stands in a line of the class or is on
  /// its way to one: first come, first served.
  bool take_if_nobody_waits(ports::TimePoint now, int permits);
  [[nodiscard]] ports::TimePoint ready_at(ports::TimePoint now, int permits,
                                          schedule::Freeze freeze) const;

  void accepted(ports::TimePoint now);
  void refused(ports::TimePoint sent_at, ports::TimePoint now,
               const schedule::RateRefusal& refusal);
  /// The end of the last freeze; the past, if there is none.
  [[nodiscard]] ports::TimePoint frozen_until() const;

  /// How long tickets were held up, since it was asked.
  ports::Duration take_throttled();

  /// So many tickets stand in the lines of the class now.
  void set_waiting(std::size_t tickets);
  /// For as long as it lives a call is on its way to a line.
  class Arrival {
   public:
    explicit Arrival(SharedBudget& budget) : budget_(budget) { budget_.count_arriving(1); }
    Arrival(const Arrival&) = delete;
    Arrival& operator=(const Arrival&) = delete;
    ~Arrival() { budget_.count_arriving(-1); }

   private:
    SharedBudget& budget_;
  };

 private:
  void count_arriving(int more);
  bool take_permits(ports::TimePoint now, int permits, schedule::Freeze freeze);

  mutable std::mutex mutex_;  ///< of all that follows
  schedule::RateBudget budget_;
  ports::TimePoint latest_{};  ///< threads read the clock before they come here
  std::optional<ports::TimePoint>
      throttled_since_;  ///< a ticket could be sent since then, had it a permit
  ports::Duration throttled_{0};
  std::size_t waiting_ = 0;
  int arriving_ = 0;
};

}  // namespace sessync::api
