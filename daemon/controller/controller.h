#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "daemon/controller/host.h"
#include "daemon/controller/observer.h"
#include "daemon/controller/schedule.h"
#include "daemon/pass/manifest_source.h"
#include "daemon/pass/pass_runner.h"
#include "daemon/pass/policy_source.h"

namespace sessync::controller {

struct ControllerOptions {
  int workers = 4;
  std::set<std::string> suspended;  ///< by command, before the start
  SessionTable::Pace pace;
  std::string owner_if_none{};  ///< see load_manifest()
  runner::PolicySource policy{};
  ports::Duration shutdown_limit{8'000};  ///< calls that take longer are given up
};

/// The loop of the daemon: does what the schedule says. Workers that are free take the next session
/// that is due, and read only then what is in force for it. Events carry names only; every pass
/// reads everything again.
///
/// What is needed for every edit takes the shortest way: whoever saw the edit wakes a worker, which
/// makes the pass and concludes it. Only while a manifest waits to be read, or is being read, both
/// wait for the controller's thread, so that no pass begins with the old one because of an edit
/// that came together with the new one.
class Controller : private ScheduleHost {
 public:
  /// What it refers to must outlive this. Host and observer are called while run() runs, by it and
  /// by its workers.
  Controller(runner::ManifestSource manifest, runner::PassRunner& passes, ControllerHost& host,
             ControllerObserver& observer, ControllerOptions options);

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
  [[nodiscard]] schedule::QueueFigures queue() const {
    return schedule_.table().figures(os::now_anchored());
  }

 private:
  struct Inbox {
    Wakeup wakeup;
    std::list<FinishedPass> finished;  ///< that could not be concluded where they ended
    bool concluded = false;            ///< some pass was, so that the deadlines are others now
    bool stop = false;
    void take(Inbox&& more);
    [[nodiscard]] bool empty() const {
      return wakeup.changed.empty() && finished.empty() && !wakeup.manifest &&
             wakeup.demands.empty() && !wakeup.reload && !concluded && !stop;
    }
    /// Until it is dealt with, nothing begins because of an edit.
    [[nodiscard]] bool holds_up() const { return wakeup.manifest || wakeup.reload || stop; }
  };

  /// Adds to `inbox` what comes until then, as soon as something has.
  void wait(Inbox& inbox, std::optional<ports::TimePoint> until,
            std::optional<ports::Duration> progress_every);
  void post(const std::function<void(Inbox&)>& change);
  std::optional<ports::TimePoint> step(Inbox& inbox, ports::TimePoint now);
  /// Locked. What changes or ends now waits for the controller's next step.
  [[nodiscard]] bool held_up() const { return held_up_ || inbox_.holds_up(); }
  void hand_out(const Work& work);
  void tell_progress(ports::TimePoint now);
  void end_pass(std::list<FinishedPass> pass);
  void conclude(const FinishedPass& pass);
  std::vector<manifest::ManifestText> read_manifest() override;
  policy::Given read_policy() override { return options_.policy.read(); }
  void announce(const manifest::Manifest& manifest) override;
  bool watching_degraded() override { return host_.watching_degraded(); }
  [[nodiscard]] runner::PassRequest request_of(const DuePass& due);
  bool manifest_moved();
  std::function<void()> next_job(ports::TimePoint now);
  void run_pass(const DuePass& due);
  void work();
  void start_worker(std::vector<std::thread>& workers, int number);
  std::vector<std::thread> start_workers();
  bool finish_workers(std::vector<std::thread>& workers);

  runner::ManifestSource manifest_;
  runner::PassRunner& passes_;
  ControllerHost& host_;
  ControllerObserver& observer_;
  ControllerOptions options_;
  Schedule schedule_;

  /// Alone while it is told how far passes are, shared while it is told what they came to.
  std::shared_mutex telling_;

  mutable std::mutex mutex_;  ///< of everything below; the table's own may be taken with it held
  std::string loaded_from_;   ///< where the manifest's path led when it was read
  std::condition_variable inbox_ready_;
  std::condition_variable work_ready_;
  Inbox inbox_;
  bool held_up_ = true;   ///< a manifest is taken out of the inbox and not in force yet, or the end
  bool collect_ = false;  ///< some worker is to look for uploads that nothing needs any more
  int busy_ = 0;
  bool workers_stop_ = false;
};

}  // namespace sessync::controller
