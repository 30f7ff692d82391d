#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

namespace sessync::manifest {

/// How much comparing of paths with patterns there may be, in steps: a rule, or a character of one
/// with wildcards, costs one. Once it is over, what patterns say means nothing. Not synchronised.
class MatchBudget {
 public:
  /// `interrupted` is asked now and then: true ends it before all is spent.
  explicit MatchBudget(std::uint64_t steps, std::function<bool()> interrupted = {})
      : steps_(steps), interrupted_(std::move(interrupted)) {}

  /// False: it is over.
  bool spend(std::uint64_t steps) {
    spent_ += std::min(steps, steps_);
    return spent_ < next_look_ ? !over_ : look();
  }
  [[nodiscard]] bool is_over() const { return over_; }
  [[nodiscard]] bool is_spent() const { return spent_ >= steps_; }

 private:
  bool look() {
    constexpr std::uint64_t kEvery = 1U << 20U;
    over_ = over_ || is_spent() || (interrupted_ && interrupted_());
    next_look_ =
        over_ ? std::numeric_limits<std::uint64_t>::max() : std::min(spent_ + kEvery, steps_);
    return !over_;
  }

  std::uint64_t steps_;
  std::uint64_t spent_ = 0;
  std::uint64_t next_look_ = 0;
  bool over_ = false;
  std::function<bool()> interrupted_;
};

}  // namespace sessync::manifest
