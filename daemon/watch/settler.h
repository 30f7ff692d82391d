#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "daemon/watch/watch_report.h"

namespace sessync::watch {

/// Collects events until the things they are about are quiet: `settle` after the last event of a
/// name, but no later than `cap` after its first.
class Settler {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Settler(std::chrono::milliseconds settle, std::chrono::milliseconds cap)
      : settle_(settle), cap_(cap) {}

  void note(const std::string& name, Time now);

  /// When the next name is quiet.
  [[nodiscard]] std::optional<Time> due() const;

  /// Takes the names that are quiet.
  [[nodiscard]] WatchChange take(Time now);

  /// Keeps only names that `is_wanted`.
  template <class Predicate>
  void retain(Predicate is_wanted) {
    std::erase_if(pending_, [&](const auto& each) { return !is_wanted(each.first); });
  }

 private:
  struct Pending {
    Time first;
    Time last;
  };
  [[nodiscard]] Time due(const Pending& pending) const;

  std::chrono::milliseconds settle_;
  std::chrono::milliseconds cap_;
  std::map<std::string, Pending> pending_;
};

/// How long to wait before crawling everything again: not at all three times, then 100 ms, doubled
/// up to 30 s, until a minute passes without. An overflow that a crawl itself provokes must not
/// become a loop.
class RescanBackoff {
 public:
  using Time = std::chrono::steady_clock::time_point;
  [[nodiscard]] std::chrono::milliseconds next(Time now);

 private:
  int in_a_row_ = 0;
  std::optional<Time> last_;
};

}  // namespace sessync::watch
