#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "daemon/controller/schedule.h"
#include "daemon/metrics/metrics.h"
#include "daemon/pass/manifest_source.h"
#include "daemon/pass/pass_runner.h"
#include "daemon/status/board.h"

namespace sessync {

struct ControllerOptions {
  int workers = 4;
  std::set<std::string> suspended;  ///< by command, before the start
  SessionTable::Pace pace;
  Duration shutdown_limit{8'000};  ///< calls that take longer are given up
};

/// What the controller asks of the process around it.
struct ControllerHooks {
  std::function<void(const Manifest&)> watch;  ///< a manifest comes into force: watch what it names
  std::function<bool()> watching_degraded;     ///< events may be missed: poll
  std::function<void()> pass_finished;         ///< on the worker's thread, after each pass
  /// After each pass, on the controller's thread. `waited`: see StatusBoard::pass_finished.
  std::function<void(const StatusBoard::FinishedPass&, Duration took,
                     std::optional<Duration> waited)>
      pass_measured;
  std::function<void()> turned;  ///< each time the loop comes round
  std::function<void()> abort_uploads;
  std::function<void()> abort_everything;
  std::function<void(const std::string& owner)> collect;  ///< on a worker's thread, now and then
  std::function<double()> random;                         ///< in [0, 1)
};

/// The loop of the daemon: does what the schedule says. Workers that are free take the next session
/// that is due, and read only then what is in force for it. Events carry names only; every pass
/// reads everything again.
class Controller {
 public:
  /// `passes` and `board` must outlive this.
  Controller(ManifestSource manifest, PassRunner& passes, StatusBoard& board, ControllerHooks hooks,
             ControllerOptions options);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;
  ~Controller() = default;

  /// Runs until stop(). True if every pass that was under way came to its end in time.
  bool run();

  /// Any thread; none of them waits.
  void sessions_changed(std::vector<std::string> names);
  void manifest_changed();
  void reload();  ///< manifest and every session, at once
  void demand_pass(PassDemand demand);
  /// By command: all of them. When it returns no pass begins anything by what was in force before.
  void set_suspended(std::set<std::string> names);
  void stop();
  [[nodiscard]] QueueFigures queue() const;

 private:
  struct Inbox {
    Wakeup wakeup;
    bool stop = false;
    [[nodiscard]] bool empty() const {
      return wakeup.changed.empty() && wakeup.finished.empty() && !wakeup.manifest &&
             wakeup.demands.empty() && !wakeup.reload && !stop;
    }
  };

  Inbox wait(std::optional<TimePoint> until);
  void post(const std::function<void(Inbox&)>& change);
  std::optional<TimePoint> step(Wakeup wakeup, TimePoint now);
  void conclude(const FinishedPass& pass, TimePoint now);
  void show_progress(TimePoint now);
  void announce(const Manifest& manifest);
  void forget_left(TimePoint now);
  std::vector<ManifestText> read_manifest();
  bool manifest_moved();
  std::function<void()> next_job(TimePoint now);
  void run_pass(const DuePass& due);
  void work();
  void start_worker(std::vector<std::thread>& workers, int number);
  std::vector<std::thread> start_workers();
  bool finish_workers(std::vector<std::thread>& workers);

  ManifestSource manifest_;
  PassRunner& passes_;
  StatusBoard& board_;
  ControllerHooks hooks_;
  ControllerOptions options_;
  Schedule schedule_;
  std::string last_problems_;
  struct LastState {
    std::string text;  ///< to log changes only
    TimePoint at;      ///< the session's last pass
  };
  std::map<std::string, LastState> last_state_;  ///< by session

  mutable std::mutex mutex_;
  std::string loaded_from_;  ///< where the manifest's path led when it was read
  std::condition_variable inbox_ready_;
  std::condition_variable work_ready_;
  Inbox inbox_;
  bool collect_ = false;  ///< some worker is to look for uploads that nothing needs any more
  int busy_ = 0;
  bool workers_stop_ = false;
};

}  // namespace sessync
