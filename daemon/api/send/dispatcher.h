#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/api/send/api_options.h"
#include "daemon/api/send/shared_budget.h"

namespace sessync::api {

/// A queue of calls. Lanes share the budget of their class and the connections of the process.
enum class Lane { kWrites, kReservedWrites, kReads, kFiles, kUploads, kDownloads };
inline constexpr std::size_t kLanes = 6;

schedule::RateClass class_of(Lane lane);

/// On whose behalf calls are made: one pass. Any thread, but for `hurried`.
class CallOrigin {
 public:
  virtual ~CallOrigin() = default;
  [[nodiscard]] virtual bool stopping() const = 0;  ///< see Loop
  [[nodiscard]] virtual bool ending() const = 0;    ///< see Loop

  /// Its calls do not wait for the end of a freeze. Belongs to the thread of the dispatcher.
  bool hurried = false;
};

/// A call that waits for its turn.
struct Ticket {
  Lane lane = Lane::kReads;
  int permits = 1;         ///< of the lane's budget; 0: taken earlier
  bool connection = true;  ///< false: only permits are wanted, nothing will be sent
  std::function<void(bool admitted)> go;
  std::shared_ptr<CallOrigin> origin{};  ///< nothing: nobody withdraws or hurries it
  bool completes = false;                ///< see Turn

  /// It is not to be sent any more.
  [[nodiscard]] bool is_withheld() const;
  /// It does not wait for the end of a freeze.
  [[nodiscard]] bool is_hurried() const;
};

/// Decides which waiting call is sent next: first come first served within a lane, lanes in turn,
/// at most `parallel` at a time, and some connections that uploads and downloads may not take, so
/// that long ones never hold up anything else. Pure: the time is a parameter. Belongs to one
/// thread; only its budgets are shared.
class Dispatcher {
 public:
  Dispatcher(int parallel, const MaxRates& ceilings);

  void enqueue(Ticket ticket);
  void enqueue_first(Ticket ticket);

  /// Lets go of every ticket whose turn it is.
  void run(ports::TimePoint now);
  /// A call that was let go of has ended.
  void finished(Lane lane);
  /// Lets go of everything that waits in the lane, not admitted.
  void drop(Lane lane);
  /// Looks again at what waits for `origin`: lets go of what is withheld by now, not admitted, and
  /// puts what is hurried first.
  void review(const CallOrigin& origin);

  /// When a budget that holds up a waiting ticket opens.
  [[nodiscard]] std::optional<ports::TimePoint> wake_at(ports::TimePoint now) const;
  /// Any thread.
  [[nodiscard]] SharedBudget& budget(schedule::RateClass which) {
    return budgets_.at(static_cast<std::size_t>(which));
  }
  [[nodiscard]] const SharedBudget& budget(schedule::RateClass which) const {
    return budgets_.at(static_cast<std::size_t>(which));
  }

 private:
  struct Waiting {
    std::deque<Ticket> tickets;
    int running = 0;
  };

  [[nodiscard]] bool has_connection(Lane lane) const;
  bool run_hurried(ports::TimePoint now);
  bool run_next_of(Lane lane, ports::TimePoint now);
  void admit(const Ticket& ticket);
  bool take_permits(const Ticket& ticket, ports::TimePoint now, schedule::Freeze freeze);
  void tell_who_waits();
  Waiting& at(Lane lane) { return lanes_.at(static_cast<std::size_t>(lane)); }
  [[nodiscard]] const Waiting& at(Lane lane) const {
    return lanes_.at(static_cast<std::size_t>(lane));
  }

  int parallel_;
  int most_transfers_;
  int running_ = 0;
  std::size_t turn_ = 0;
  std::array<Waiting, kLanes> lanes_;
  std::deque<Ticket> hurried_;
  std::array<SharedBudget, schedule::kRateClasses> budgets_;
};

}  // namespace sessync::api
