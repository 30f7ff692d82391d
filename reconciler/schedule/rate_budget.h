#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "reconciler/ports/api_error.h"

namespace sessync::schedule {

/// The API limits these classes separately: creating and changing, reading, and the Files API, in
/// calls per minute for each organisation. It publishes the limits, but they differ from one to the
/// next, so they are learned.
enum class RateClass { kWrites, kReads, kFiles };
inline constexpr std::size_t kRateClasses = 3;

/// As in --max-rate: writes, reads, files.
const char* to_string(RateClass which);

/// Whether a call waits for the end of a freeze.
enum class Freeze { kObeyed, kIgnored };

/// What can be believed of what a server calls the time to wait: more than nothing, and at most an
/// hour. Seconds since 1970, dates far away and the like count as none.
std::optional<ports::Duration> plausible_wait(std::optional<ports::Duration> said);

/// What an answer 429 said.
struct RateRefusal {
  std::optional<ports::Duration> retry_after;  ///< as it was said; believed if it is plausible
  bool spend_limit = false;                    ///< money has run out: asking soon is pointless
};

/// How many calls were accepted in the last minute, to the second, in sixty counters whatever the
/// rate.
class RecentCalls {
 public:
  void add(ports::TimePoint now);
  [[nodiscard]] std::uint64_t count(ports::TimePoint now) const;
  /// How long ago the oldest counted second began.
  [[nodiscard]] ports::Duration span(ports::TimePoint now) const;

 private:
  static constexpr std::size_t kSeconds = 60;
  struct Second {
    std::int64_t at = -1;
    std::uint64_t calls = 0;
  };
  std::array<Second, kSeconds> seconds_{};
};

/// Paces the calls of one class. Open until the first refusal; then frozen as long as the refusal
/// asks, and continued at a rate learned from what was accepted before it: up by addition while the
/// rate is used, halved by each further refusal. A ceiling binds from the start. One budget serves
/// every session of a process. Not synchronised; the caller's clock is the only one.
class RateBudget {
 public:
  RateBudget() = default;
  /// A ceiling, as --max-rate gives it; nothing: none.
  explicit RateBudget(std::optional<double> calls_per_second);

  /// Takes the permits and returns true, or takes nothing. One free permit suffices: the others
  /// are lent and paid back before the next call. Zero permits (taken earlier) only wait for the
  /// end of a freeze.
  bool take(ports::TimePoint now, int permits = 1, Freeze freeze = Freeze::kObeyed);

  /// When take() is worth another try; `now` if it is at once.
  [[nodiscard]] ports::TimePoint ready_at(ports::TimePoint now, int permits = 1,
                                          Freeze freeze = Freeze::kObeyed) const;

  /// A call was answered by anything but 429: a refusal for another reason counts as well.
  void accepted(ports::TimePoint now);

  /// A call sent at `sent_at` was answered 429. Calls under way together are refused together, so
  /// only a call sent after the last cut cuts the rate again.
  void refused(ports::TimePoint sent_at, ports::TimePoint now, const RateRefusal& refusal);

  /// Calls per second; nothing while there is no limit.
  [[nodiscard]] std::optional<double> rate() const;
  /// A refusal said to wait, and that is not over.
  [[nodiscard]] bool frozen(ports::TimePoint now) const { return now < frozen_until_; }
  [[nodiscard]] ports::TimePoint frozen_until() const { return frozen_until_; }

 private:
  [[nodiscard]] double tokens_at(ports::TimePoint now) const;
  [[nodiscard]] ports::Duration freeze_for(const RateRefusal& refusal) const;
  void cut(ports::TimePoint now, ports::Duration freeze);

  std::optional<double> ceiling_;
  std::optional<double> learned_;
  double tokens_ = 1;
  ports::TimePoint refilled_at_{};
  ports::TimePoint frozen_until_{};
  std::optional<ports::TimePoint> last_cut_;
  int refusals_in_a_row_ = 0;
  RecentCalls recent_;
};

}  // namespace sessync::schedule
