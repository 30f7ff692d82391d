#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <string>

#include "daemon/app/reporter.h"
#include "daemon/app/sandbox.h"
#include "daemon/app/service_manager.h"
#include "daemon/app/services.h"
#include "daemon/app/signals.h"
#include "daemon/config/settings.h"
#include "daemon/controller/controller.h"
#include "daemon/metrics/metrics.h"
#include "daemon/serve/commands.h"
#include "daemon/status/board.h"
#include "daemon/watch/watcher.h"

namespace sessync::app {

/// A controller, what tells it that something changed, and what is told of what it does. Whoever
/// asks the daemon for something asks here; as commands it is valid for as long as it lives.
class Daemon final : public serve::DaemonCommands,
                     private controller::ControllerHost,
                     private metrics::MetricSources {
 public:
  /// All of them outlive the daemon.
  struct Dependencies {
    Services& services;
    status::StatusBoard& board;
    metrics::Metrics& metrics;
    ServiceManager& manager;
    const Sandbox& sandbox;
  };
  Daemon(const config::Settings& settings, Dependencies deps);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon() override;

  /// Called each time the controller has come round, until it returns true.
  void keep_trying(std::function<bool()> what);
  [[nodiscard]] bool has_state() const { return !deps_.services.state_trouble(); }

  serve::CommandResult reconcile(const std::string& name,
                                 const std::string& allow_deletes) override;
  serve::SuspendResult suspend(const std::string& name, const std::string& by) override;
  serve::CommandResult resume(const std::string& name) override;

  /// True if everything under way came to its end. `overdue` is called if that, and what follows
  /// it, takes too long; see Signals.
  bool run(Signals& signals, const std::function<void()>& overdue);

 private:
  // As ControllerHost.
  std::optional<manifest::Holdings> remembered() override;
  void remember(const manifest::Holdings& holdings) override;
  void watch(const manifest::Manifest& manifest) override;
  [[nodiscard]] bool watching_degraded() override { return watcher_.degraded(); }
  [[nodiscard]] double random() override;
  void retry_pending() override;
  void save_digests() override;
  void collect(const std::string& owner) override;
  void abort_uploads() override;
  void abort_everything() override;

  // As MetricSources.
  [[nodiscard]] schedule::QueueFigures queue() const override { return controller_.queue(); }
  [[nodiscard]] watch::WatchStatistics watched() const override { return watcher_.statistics(); }
  [[nodiscard]] std::uint64_t lost_log_lines() const override;
  [[nodiscard]] std::uint64_t unleased_reads() const override;

  [[nodiscard]] controller::ControllerOptions options() const;
  void set_targets(const manifest::Manifest& manifest);
  void tell_how_watched();
  void tell_kept_out();
  void on_state();
  void tell_state(const std::optional<state::StateDatabase::Trouble>& trouble);
  void on_change(const watch::WatchChange& change);
  serve::CommandResult set_suspension(const std::string& name,
                                      const std::optional<state::Suspension>& to);

  const config::Settings& settings_;
  Dependencies deps_;
  std::mutex random_mutex_;
  std::mt19937_64 random_{std::random_device{}()};
  std::atomic<bool> reloading_{true};  ///< or starting
  std::mutex told_mutex_;
  std::string degraded_reason_;
  std::string quiet_reason_;
  std::string kept_out_;
  std::atomic<bool> writes_outputs_{false};
  std::mutex trying_mutex_;
  std::function<bool()> trying_;
  std::mutex holdings_mutex_;
  std::optional<manifest::Holdings> holdings_;  ///< as of the manifest in force
  std::atomic<bool> state_is_known_;
  std::mutex suspend_mutex_;  ///< one change of suspensions at a time
  Reporter reporter_;
  controller::Controller controller_;
  watch::Watcher watcher_;
};

}  // namespace sessync::app
