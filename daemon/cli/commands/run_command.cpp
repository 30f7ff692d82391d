#include <cstdlib>
#include <mutex>
#include <string>

#include <unistd.h>

#include "daemon/app/daemon.h"
#include "daemon/app/sandbox.h"
#include "daemon/app/state_choice.h"
#include "daemon/app/watchdog.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/failure.h"
#include "daemon/config/server_files.h"
#include "daemon/os/log.h"
#include "daemon/os/sha256.h"
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
           {"user", write.user},
           {"by", write.by},
           {"what", write.what},
           {"session", write.session},
           {"path", write.path},
           {"allow_deletes", write.allow_deletes},
           {"status", std::to_string(write.status)}});
}

/// Beside the state, or where the service manager has a place for such things; "": nobody could
/// find it.
std::string socket_path(const config::Settings& settings) {
  if (!settings.state_dir) {
    return "";
  }
  const auto runtime = config::process_environment()("RUNTIME_DIRECTORY");
  if (!runtime || runtime->empty()) {
    return *settings.state_dir + "/sessync.sock";
  }
  os::Sha256Stream name;
  name.update(*settings.state_dir);
  return runtime->substr(0, runtime->find(':')) + "/" + os::to_hex(name.finish()).substr(0, 12) +
         ".sock";
}

serve::StatusServerOptions server_options(const config::Options& options) {
  serve::StatusServerOptions result;
  result.listen = options.listen;
  result.admin_token_file = options.admin_token_file;
  result.health = os::health_now;
  result.read_token_file = options.read_token_file;
  result.allowed_hosts = options.allowed_hosts;
  result.tls_cert = options.tls_cert;
  result.tls_key = options.tls_key;
  result.listen_required = options.listen_required;
  return result;
}

/// The status server, and the file in the state directory by which commands find it.
class Front {
 public:
  Front(const config::Settings& settings, status::StatusBoard& board, app::Daemon& daemon,
        metrics::Metrics& metrics)
      : settings_(settings),
        board_(board),
        daemon_(daemon),
        file_{::getpid(), "off", ports::Secret(remote::random_digits()),
              !settings.options.tls_cert.empty()},
        server_(with_hooks(server_options(settings.options), metrics), board, daemon,
                [&metrics] { return metrics.text(); }) {}
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  ~Front() {
    const auto socket = end();
    daemon_.keep_trying({});
    board_.close();
    if (settings_.state_dir) {
      remote::remove_daemon_file(*settings_.state_dir, ::getpid());
    }
    if (!socket.empty()) {
      ::unlink(socket.c_str());
    }
  }

  tl::expected<void, config::UsageError> open() {
    if (settings_.state_dir || settings_.options.listen != "off") {
      // What it tells meanwhile comes after what is said here.
      const std::lock_guard lock(mutex_);
      auto served = server_.start();
      if (!served) {
        return tl::unexpected(config::UsageError{config::exit_code::kUsage, served.error()});
      }
      take(*served);
    }
    return settings_.state_dir ? leave_file() : tl::expected<void, config::UsageError>();
  }

 private:
  serve::StatusServerOptions with_hooks(serve::StatusServerOptions options,
                                        metrics::Metrics& metrics) {
    options.nonce = file_.nonce;
    options.socket = socket_path(settings_);
    options.wrote = [&metrics](const status::WriteTrace& write) { keep_trace(write, metrics); };
    options.listening = [this](const serve::ServedAt& served) {
      listening(served);
      if (settings_.state_dir && !write_file()) keep_writing();
    };
    return options;
  }

  void listening(const serve::ServedAt& served) {
    const std::lock_guard lock(mutex_);
    take(served);
  }

  /// Its socket.
  std::string end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    return file_.socket;
  }

  void take(const serve::ServedAt& served) {
    const bool is_new = served.address != file_.listen;
    file_.socket = served.socket;
    file_.listen = served.address;
    if (is_new && !served.address.empty()) {
      os::log(os::LogLevel::kInfo, "serving status", {{"listen", served.address}});
    }
  }

  tl::expected<void, ports::StoreError> write_file() {
    const std::lock_guard lock(mutex_);
    return ended_ ? tl::expected<void, ports::StoreError>()
                  : remote::write_daemon_file(*settings_.state_dir, file_);
  }

  tl::expected<void, config::UsageError> leave_file() {
    const auto left = write_file();
    if (left) {
      return {};
    }
    if (!left.error().no_room && daemon_.has_state()) {
      return tl::unexpected(config::UsageError{config::exit_code::kUsage, left.error().message});
    }
    os::log(os::LogLevel::kWarning,
            left.error().message + "; the commands that ask the daemon do not find it before then");
    keep_writing();
    return {};
  }

  void keep_writing() {
    daemon_.keep_trying([this] { return write_file().has_value(); });
  }

  const config::Settings& settings_;
  status::StatusBoard& board_;
  app::Daemon& daemon_;
  std::mutex mutex_;  ///< of the next two; never held while the daemon is told something
  bool ended_ = false;
  remote::DaemonFile file_;
  serve::StatusServer server_;  ///< last: it tells what is above
};

/// With the state that the manifest had under another name, if it can be read now.
config::Settings with_state(const config::Settings& settings) {
  auto choice = app::choose_state(settings, manifest::load_manifest(settings.manifest.read()));
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
  // Every thread has from its start what this one has given up.
  const auto sandbox = app::Sandbox::enter(settings);
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
  app::Daemon daemon(settings, {**services, board, metrics, manager, sandbox});
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
