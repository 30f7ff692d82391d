#include "daemon/cli/commands.h"
#include "daemon/cli/daemon.h"
#include "daemon/cli/one_shot.h"
#include "daemon/log/log.h"

namespace sessync {
namespace {

void tell_start(const Settings& settings, const ApiOptions& api) {
  log(LogLevel::kInfo, "starting",
      {{"version", SESSYNC_VERSION},
       {"manifest", settings.manifest.path()},
       {"workspace", settings.workspace},
       {"state", settings.state_dir.value_or("none")},
       {"api", api.base_url}});
}

}  // namespace

int run_command(const Settings& settings) {
  auto api = resolve_api_options(settings.options, process_environment());
  if (!api) {
    return refuse(api.error());
  }
  tell_start(settings, *api);
  Signals signals;
  ServiceManager manager(ServiceManager::Request::of_environment());
  StatusBoard board(
      {SESSYNC_VERSION, now_anchored(), settings.manifest.path(), settings.workspace});
  Metrics metrics(board, SESSYNC_VERSION);
  const auto engine =
      Engine::open(settings, std::move(*api), Engine::State::kLocked,
                   [&metrics](const RequestReport& report) { metrics.request(report); });
  if (!engine) {
    return refuse(engine.error());
  }
  Daemon daemon(settings, {**engine, board, metrics, manager});
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
