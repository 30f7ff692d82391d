#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <random>
#include <string>

#include "daemon/app/service_manager.h"
#include "daemon/app/services.h"
#include "daemon/app/signals.h"
#include "daemon/config/settings.h"
#include "daemon/controller/controller.h"
#include "daemon/metrics/metrics.h"
#include "daemon/serve/commands.h"
#include "daemon/status/board.h"
#include "daemon/watch/watcher.h"

namespace sessync {

/// A controller, what tells it that something changed, and what is told of what it does.
class Daemon {
 public:
  /// All of them outlive the daemon.
  struct Dependencies {
    Services& services;
    StatusBoard& board;
    Metrics& metrics;
    ServiceManager& manager;
  };
  Daemon(const Settings& settings, Dependencies deps);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  /// Called each time the controller has come round, until it returns true.
  void keep_trying(std::function<bool()> what);
  [[nodiscard]] bool has_state() const { return !deps_.services.state_trouble(); }

  /// What others may ask of it; valid as long as it lives.
  DaemonCommands commands();

  /// True if everything under way came to its end. `overdue` is called if that, and what follows
  /// it, takes too long; see Signals.
  bool run(Signals& signals, const std::function<void()>& overdue);

 private:
  [[nodiscard]] ControllerOptions options() const;
  ControllerHooks hooks();
  void set_targets(const Manifest& manifest);
  void watch(const Manifest& manifest);
  void turned();
  void tell_how_watched();
  void on_state();
  void tell_state(const std::optional<StateDatabase::Trouble>& trouble);
  void on_change(const WatchChange& change);
  CommandResult reconcile(const std::string& name, const std::string& allow_deletes);
  SuspendResult suspend(const std::string& name, const std::string& by);
  CommandResult resume(const std::string& name);
  CommandResult set_suspension(const std::string& name, const std::optional<Suspension>& to);

  const Settings& settings_;
  Dependencies deps_;
  std::mt19937_64 random_{std::random_device{}()};
  std::atomic<bool> reloading_{true};  ///< or starting
  std::mutex told_mutex_;
  std::string degraded_reason_;
  std::string quiet_reason_;
  std::mutex trying_mutex_;
  std::function<bool()> trying_;
  std::mutex suspend_mutex_;  ///< one change of suspensions at a time
  Controller controller_;
  Watcher watcher_;
};

}  // namespace sessync
