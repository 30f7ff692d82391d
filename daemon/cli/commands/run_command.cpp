#include <cstdlib>
#include <string>

#include <unistd.h>

#include "daemon/app/daemon.h"
#include "daemon/app/state_choice.h"
#include "daemon/app/watchdog.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/failure.h"
#include "daemon/config/server_files.h"
#include "daemon/os/log.h"
#include "daemon/remote/daemon_file.h"
#include "daemon/remote/proof.h"
#include "daemon/serve/server.h"

namespace sessync::cli {
namespace {

void tell_start(const config::Settings& settings, const api::ApiOptions& api) {
  os::log(os::LogLevel::kInfo, "starting",
          {{"version", SESSYNC_VERSION},
           {"manifest", settings.manifest.path()},
           {"workspace", settings.workspace},
           {"state", settings.state_dir.value_or("none")},
           {"api", api.base_url}});
}

/// Of refused tokens the server itself tells, once a minute.
void keep_trace(const status::WriteTrace& write, metrics::Metrics& metrics) {
  metrics.wrote(write);
  if (write.token_refused) {
    return;
  }
  os::log(write.allowed ? os::LogLevel::kInfo : os::LogLevel::kWarning,
          write.allowed ? "a write was allowed" : "a write was refused",
          {{"peer", write.peer},
           {"by", write.by},
           {"what", write.what},
           {"session", write.session},
           {"path", write.path},
           {"allow_deletes", write.allow_deletes},
           {"status", std::to_string(write.status)}});
}

/// The status server, and the file in the state directory by which commands find it.
class Front {
 public:
  Front(const config::Settings& settings, status::StatusBoard& board, app::Daemon& daemon,
        metrics::Metrics& metrics)
      : settings_(settings),
        board_(board),
        daemon_(daemon),
        nonce_(remote::random_digits()),
        server_({settings.options.listen, settings.options.admin_token_file, nonce_, os::health_now,
                 settings.options.read_token_file, settings.options.allowed_hosts,
                 settings.options.tls_cert, settings.options.tls_key,
                 [&metrics](const status::WriteTrace& write) { keep_trace(write, metrics); }},
                board, daemon, [&metrics] { return metrics.text(); }) {}
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  ~Front() {
    daemon_.keep_trying({});
    board_.close();
    if (settings_.state_dir) {
      remote::remove_daemon_file(*settings_.state_dir, ::getpid());
    }
  }

  tl::expected<void, config::UsageError> open() {
    std::string address = "off";
    if (settings_.options.listen != address) {
      auto served = server_.start();
      if (!served) {
        return tl::unexpected(config::UsageError{config::exit_code::kUsage, served.error()});
      }
      address = std::move(*served);
      os::log(os::LogLevel::kInfo, "serving status", {{"listen", address}});
    }
    return settings_.state_dir ? leave_address(address) : tl::expected<void, config::UsageError>();
  }

 private:
  tl::expected<void, config::UsageError> leave_address(const std::string& address) {
    const remote::DaemonFile file{::getpid(), address, nonce_, !settings_.options.tls_cert.empty()};
    const auto left = remote::write_daemon_file(*settings_.state_dir, file);
    if (left) {
      return {};
    }
    if (!left.error().no_room && daemon_.has_state()) {
      return tl::unexpected(config::UsageError{config::exit_code::kUsage, left.error().message});
    }
    os::log(os::LogLevel::kWarning,
            left.error().message + "; the commands that ask the daemon do not find it before then");
    daemon_.keep_trying(
        [this, file] { return remote::write_daemon_file(*settings_.state_dir, file).has_value(); });
    return {};
  }

  const config::Settings& settings_;
  status::StatusBoard& board_;
  app::Daemon& daemon_;
  const ports::Secret nonce_;
  serve::StatusServer server_;
};

/// With the state that the manifest had under another name, if it can be read now.
config::Settings with_state(const config::Settings& settings) {
  const auto manifest = manifest::load_manifest(settings.manifest.read());
  if (!manifest.valid()) {
    auto result = settings;
    if (result.state_dir && result.state_dir_is_usual) {
      result.state_dir = state::find_state_of(*result.state_dir, settings.manifest.path());
    }
    return result;
  }
  auto choice = app::choose_state(settings, manifest);
  if (!choice.note.empty()) {
    os::log(os::LogLevel::kInfo, choice.note);
  }
  return std::move(choice.settings);
}

/// For when some thread does not come to its end.
void leave_at_once() {
  os::flush_log();
  std::_Exit(config::exit_code::kOk);
}

void leave_overdue() {
  std::string stuck;
  for (const auto& problem : os::health_now().problems) {
    stuck += "; " + problem;
  }
  os::log(os::LogLevel::kWarning, "not everything came to its end within ten seconds" + stuck +
                                      "; the next start looks at what became of it");
  leave_at_once();
}

}  // namespace

int run_command(const config::Settings& given) {
  const auto settings = with_state(given);
  auto api = config::resolve_api_options(settings.options, config::process_environment());
  if (!api) {
    return refuse(settings.options, api.error());
  }
  os::start_log_writer();
  tell_start(settings, *api);
  config::warn_of_server_files(settings.options);
  app::Signals signals;
  app::ServiceManager manager(app::ServiceManager::Request::of_environment());
  status::StatusBoard board(
      {SESSYNC_VERSION, os::now_anchored(), settings.manifest.path(), settings.workspace});
  metrics::Metrics metrics(board, SESSYNC_VERSION);
  const app::Watchdog watchdog(manager, board);
  const auto services =
      app::Services::open(settings, std::move(*api), app::Services::State::kLockedOnceThereIsRoom,
                          {.observer = &metrics});
  if (!services) {
    return refuse(settings.options, services.error());
  }
  app::Daemon daemon(settings, {**services, board, metrics, manager});
  Front front(settings, board, daemon, metrics);
  if (const auto open = front.open(); !open) {
    return refuse(settings.options, open.error());
  }
  if (!daemon.run(signals, leave_overdue)) {
    os::log(os::LogLevel::kWarning,
            "shutdown timed out with requests in flight; the next start checks their outcome");
    leave_at_once();
  }
  signals.forget();
  os::log(os::LogLevel::kInfo, "stopped");
  os::flush_log();
  return config::exit_code::kOk;
}

}  // namespace sessync::cli
