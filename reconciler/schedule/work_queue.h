#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "reconciler/ports/api_error.h"

namespace sessync::schedule {

/// Totals since the start, but for `depth`.
struct QueueFigures {
  std::uint64_t depth = 0;    ///< keys that are due and wait for a worker
  std::uint64_t adds = 0;     ///< an add of a key that was waiting already is not counted
  std::uint64_t retries = 0;  ///< adds after a failure
};

/// Which key is worked on next, and when. A key is handed out to one worker at a time, however
/// often it was added, and never forgotten: what is added while it is worked on comes after that.
/// Of several due times of a key the earliest holds. Keys that are due are handed out in the order
/// of their due times, so none starves. In the manner of client-go's work queues, with due times of
/// its own. Not synchronised; the caller's clock is the only one.
class WorkQueue {
 public:
  /// Worked on at `due`, or before if it is due already.
  void add(const std::string& key, ports::TimePoint due);

  /// `add` after a failure; only the counter differs.
  void retry(const std::string& key, ports::TimePoint due);

  /// A key that is due and not being worked on; from now on it is. Every key that was popped must
  /// be given back with `done`.
  std::optional<std::string> pop(ports::TimePoint now);
  void done(const std::string& key);

  /// Forgets what is waiting of `key`. Work under way is not stopped, and is given back as ever.
  void remove(const std::string& key);

  /// When `pop` will have something, unless that is only after a `done`.
  [[nodiscard]] std::optional<ports::TimePoint> next_due() const;
  /// The same of the keys that are not due yet: those that are wait for a worker, not for time.
  [[nodiscard]] std::optional<ports::TimePoint> next_due_after(ports::TimePoint now) const;

  /// When `key` will be handed out (once it is done, if it is being worked on).
  [[nodiscard]] std::optional<ports::TimePoint> due_of(const std::string& key) const;
  /// Popped, and not given back yet.
  [[nodiscard]] bool is_processing(const std::string& key) const;

  [[nodiscard]] QueueFigures figures(ports::TimePoint now) const;

 private:
  /// Ordered by due time, then by arrival.
  using Place = std::tuple<ports::TimePoint, std::uint64_t, std::string>;
  struct Due {
    ports::TimePoint at;
    std::uint64_t arrival = 0;
  };

  std::map<std::string, Due> due_;  ///< every waiting key, also those that wait for a `done`
  std::set<Place> line_;            ///< the waiting keys that nobody works on
  std::set<std::string> processing_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t adds_ = 0;
  std::uint64_t retries_ = 0;
};

}  // namespace sessync::schedule
