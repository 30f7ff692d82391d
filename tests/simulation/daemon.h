#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/controller/schedule.h"
#include "daemon/workspace/read/digest_cache.h"
#include "reconciler/reconcile.h"
#include "tests/double/memory/memory_session_api.h"
#include "tests/simulation/fiber.h"
#include "tests/simulation/world.h"

namespace sessync::simulation {

/// One life of the daemon's process: its schedule, the passes under way, what it keeps in memory.
class Daemon : private controller::ScheduleHost, private controller::HoldingsKeeper {
 public:
  explicit Daemon(World& world);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() override;

  /// Does one thing that it can do now. False: it waits, for time or for answers.
  bool act();
  /// When it wants to do something although nothing happens.
  [[nodiscard]] std::optional<ports::TimePoint> next() const;
  /// Nothing can be under way any more: whoever waits is told so.
  bool give_up_waiting();
  [[nodiscard]] bool is_busy() const { return !jobs_.empty(); }

  /// Starts no new chain; over once it is not busy any more.
  void stop() { stopping_ = true; }
  /// By command: all of them, as the world has it.
  void obey_suspensions();
  /// When the oldest of the jobs under way began.
  [[nodiscard]] std::optional<ports::TimePoint> oldest_job() const;
  void crash();
  /// The next life begins without those of this one.
  void lose_digests() { keeps_digests_ = false; }
  /// From now on passes begin only by begin_pass().
  void stop_scheduling() { is_scheduling_ = false; }

  /// The sessions in force.
  [[nodiscard]] std::vector<manifest::SessionSpec> sessions() const {
    return schedule_.manifest().sessions();
  }
  [[nodiscard]] std::string owner() const { return schedule_.table().owner(); }
  [[nodiscard]] std::uint64_t passes() const { return passes_; }

  struct Order {
    manifest::SessionSpec spec;
    std::string owner;
    std::string allow_deletes;
    bool dry_run = false;
    int parallel = 32;
    ports::Duration list_grace{30'000};
    bool waits_for_reads = false;  ///< as a command does; a daemon goes on without large files
    bool refresh = false;
    std::function<bool()> withdrawn{};  ///< what it is made with is no longer in force
  };
  /// One more job, as an operator asks for one.
  void begin_pass(const Order& order, std::function<void(const pass::PassOutcome&)> done);
  void begin(std::function<void(ports::Ports&)> work, std::function<void()> ended = [] {});

 private:
  class JobLoop;
  struct Job {
    std::unique_ptr<Fiber> fiber;
    bool started = false;
    bool in_vain = false;    ///< what it waits for cannot come
    std::uint64_t seen = 0;  ///< completions when it began to wait
    ports::TimePoint began;
    std::string session_id{};           ///< "" if it is not known, or works on none
    std::function<bool()> withdrawn{};  ///< see Order
  };
  struct Death {};

  std::vector<manifest::ManifestText> read_manifest() override;
  void announce(const manifest::Manifest& manifest) override;
  std::optional<manifest::Holdings> remembered() override { return world_.holdings; }
  void remember(const manifest::Holdings& holdings) override { world_.holdings = holdings; }
  bool watching_degraded() override { return world_.is_degraded; }

  void watch();
  bool step_schedule();
  bool take_due();
  [[nodiscard]] bool is_stopping(const std::string& session_id) const;
  bool resume_some();
  void resume(std::list<Job>::iterator job);

  World& world_;
  Random random_;
  MemorySessionApi& api_;  ///< lives as long as the world: what it sent may arrive later
  workspace::DigestCache cache_;
  controller::Schedule schedule_;
  controller::Wakeup wakeup_;
  /// Since the last step, by session.
  std::vector<std::pair<std::string, pass::PassOutcome>> finished_;
  std::optional<ports::TimePoint> look_at_workspace_;  ///< when the watcher reports it
  std::optional<ports::TimePoint> look_at_manifest_;
  std::optional<ports::TimePoint> next_;
  std::list<Job> jobs_;
  std::size_t workers_;
  std::size_t working_ = 0;      ///< passes of the schedule under way
  std::vector<TeamFile> read_;   ///< of the manifest, last time
  std::uint64_t announced_ = 0;  ///< manifests that came into force in this life
  bool stopping_ = false;
  bool dying_ = false;
  bool is_scheduling_ = true;
  bool keeps_digests_ = true;
  std::uint64_t passes_ = 0;
};

}  // namespace sessync::simulation
