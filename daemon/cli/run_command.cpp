#include <algorithm>
#include <mutex>
#include <random>
#include <utility>

#include "daemon/cli/commands.h"
#include "daemon/cli/engine.h"
#include "daemon/cli/one_shot.h"
#include "daemon/cli/signals.h"
#include "daemon/controller/controller.h"
#include "daemon/controller/watch_targets.h"
#include "daemon/log/log.h"
#include "daemon/watch/watcher.h"

namespace sessync {
namespace {

/// The daemon: a controller, and what tells it that something changed.
class Daemon {
 public:
  Daemon(const Settings& settings, Engine& engine)
      : settings_(settings),
        engine_(engine),
        controller_(settings.manifest, engine.passes(), hooks(), options(settings)),
        watcher_([this](const WatchChange& change) { on_change(change); },
                 watcher_options(settings)) {}

  /// True if everything under way came to its end.
  bool run(Signals& signals) {
    signals.handle({[this] { controller_.stop(); },
                    [this] {
                      log(LogLevel::kInfo, "reloading: SIGHUP");
                      controller_.reload();
                    }});
    return controller_.run();
  }

 private:
  static ControllerOptions options(const Settings& settings) {
    ControllerOptions result;
    result.workers = settings.options.workers;
    result.pace = {settings.options.rescan, settings.options.sessions};
    return result;
  }

  static WatcherOptions watcher_options(const Settings& settings) {
    WatcherOptions result;
    result.settle = settings.options.settle;
    result.poll = std::min(result.poll, settings.options.rescan);
    result.poll_layers = std::min(result.poll_layers, settings.options.rescan);
    return result;
  }

  ControllerHooks hooks() {
    ControllerHooks result;
    result.watch = [this](const Manifest& manifest) {
      engine_.declare(manifest.sessions());
      watcher_.set_targets(watch_targets(manifest, settings_.manifest,
                                         {settings_.workspace, settings_.secrets_dir}));
      tell_how_watched();
    };
    result.watching_degraded = [this] { return watcher_.degraded(); };
    result.pass_finished = [this] { engine_.save_digests(); };
    result.abort_uploads = [this] { engine_.abort_uploads(); };
    result.abort_everything = [this] { engine_.abort_everything(); };
    result.collect = [this](const std::string& owner) {
      engine_.forget_unused_digests();
      engine_.collect_uploads(owner);
    };
    result.random = [this] { return std::uniform_real_distribution<double>(0, 1)(random_); };
    return result;
  }

  /// On the controller's thread and on the watcher's: the tree can outgrow the limits at any time.
  void tell_how_watched() {
    const std::lock_guard lock(told_mutex_);
    if (auto reason = watcher_.degraded_reason(); reason != degraded_reason_) {
      // The numbers in it may grow with every directory; that is no news.
      const bool is_news = reason.empty() != degraded_reason_.empty();
      degraded_reason_ = std::move(reason);
      if (is_news) {
        log(LogLevel::kWarning,
            degraded_reason_.empty() ? "every change is seen again" : degraded_reason_);
      }
    }
    if (auto reason = watcher_.quiet_reason(); std::exchange(quiet_reason_, reason) != reason) {
      log(LogLevel::kInfo, reason.empty() ? "every change raises an event again"
                                          : reason + ": it is looked at from time to time");
    }
  }

  void on_change(const WatchChange& change) {
    tell_how_watched();
    std::vector<std::string> sessions;
    for (const auto& name : change.names) {
      if (name == kManifestTarget) {
        controller_.manifest_changed();
      } else {
        sessions.push_back(name);
      }
    }
    if (!sessions.empty()) {
      controller_.sessions_changed(std::move(sessions));
    }
  }

  const Settings& settings_;
  Engine& engine_;
  std::mt19937_64 random_{std::random_device{}()};
  std::mutex told_mutex_;
  std::string degraded_reason_;
  std::string quiet_reason_;
  Controller controller_;
  Watcher watcher_;
};

}  // namespace

int run_command(const Settings& settings) {
  auto api = resolve_api_options(settings.options, process_environment());
  if (!api) {
    return refuse(api.error());
  }
  log(LogLevel::kInfo, "starting",
      {{"version", SESSYNC_VERSION},
       {"manifest", settings.manifest.path()},
       {"workspace", settings.workspace},
       {"state", settings.state_dir.value_or("none")},
       {"api", api->base_url}});
  Signals signals;
  const auto engine = Engine::open(settings, std::move(*api), Engine::State::kLocked);
  if (!engine) {
    return refuse(engine.error());
  }
  Daemon daemon(settings, **engine);
  if (!daemon.run(signals)) {
    log(LogLevel::kWarning,
        "stopped before every request was answered; the next start looks at what became of them");
    std::_Exit(exit_code::kOk);
  }
  signals.finish();
  log(LogLevel::kInfo, "stopped");
  return exit_code::kOk;
}

}  // namespace sessync
