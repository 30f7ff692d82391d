#include "daemon/app/daemon.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "daemon/app/state_choice.h"
#include "daemon/controller/watch_targets.h"
#include "daemon/os/log.h"
#include "daemon/secrets/orphans.h"

namespace sessync {
namespace {

/// From the signal to the end of the process.
constexpr std::chrono::milliseconds kLongestStop{9'800};

WatcherOptions watcher_options(const Settings& settings) {
  WatcherOptions result;
  result.settle = settings.options.settle;
  result.poll = std::min(result.poll, settings.options.rescan);
  result.poll_layers = std::min(result.poll_layers, settings.options.rescan);
  return result;
}

std::set<std::string> names_of(const std::map<std::string, Suspension>& suspensions) {
  std::set<std::string> names;
  for (const auto& [name, suspension] : suspensions) {
    names.insert(name);
  }
  return names;
}

/// How long a suspension waits for what was sent already.
constexpr Duration kLastWrites = std::chrono::seconds(10);

tl::unexpected<CommandRefusal> unknown(const std::string& name) {
  return tl::unexpected(
      CommandRefusal{CommandRefusal::Kind::kUnknownSession,
                     "no session is named '" + name + "' in the manifest that is in force"});
}

/// Now, less how long ago it was.
TimePoint time_of(std::chrono::steady_clock::time_point event) {
  const auto ago = std::chrono::steady_clock::now() - event;
  return now_anchored() - std::chrono::duration_cast<Duration>(ago);
}

}  // namespace

Daemon::Daemon(const Settings& settings, Dependencies deps)
    : settings_(settings),
      deps_(deps),
      reporter_(deps.board, deps.metrics, deps.manager, settings.options.sessions),
      controller_(settings.manifest, deps.services.passes(), *this, reporter_, options()),
      watcher_([this](const WatchChange& change) { on_change(change); },
               watcher_options(settings)) {
  deps_.board.set_suspensions(deps_.services.suspensions(), now_anchored());
  deps_.metrics.set_sources(this);
  tell_state(deps_.services.state_trouble());
  deps_.services.watch_state([this] { on_state(); });
  deps_.services.read_beside(
      [this](const auto& session) { controller_.sessions_changed({session}); });
}

Daemon::~Daemon() {
  deps_.services.read_beside({});
  deps_.services.watch_state({});
  deps_.metrics.set_sources(nullptr);
}

void Daemon::keep_trying(std::function<bool()> what) {
  const std::lock_guard lock(trying_mutex_);
  trying_ = std::move(what);
}

void Daemon::tell_state(const std::optional<StateDatabase::Trouble>& trouble) {
  deps_.board.state_is(
      trouble ? StatusBoard::State{trouble->why.message, trouble->is_open} : StatusBoard::State{},
      now_anchored());
}

/// On the thread that writes the state. What waited for room is tried at once; and only now may it
/// be known which sessions are suspended.
void Daemon::on_state() {
  const auto trouble = deps_.services.state_trouble();
  tell_state(trouble);
  if (trouble) {
    log(LogLevel::kError, trouble->why.message);
    return;
  }
  log(LogLevel::kInfo, "the state can be written again");
  auto suspensions = deps_.services.suspensions();
  controller_.set_suspended(names_of(suspensions));
  deps_.board.set_suspensions(std::move(suspensions), now_anchored());
  std::vector<std::string> names;
  for (const auto& session : deps_.board.snapshot().sessions) {
    names.push_back(session->name);
  }
  controller_.sessions_changed(std::move(names));
}

ControllerOptions Daemon::options() const {
  ControllerOptions result;
  result.workers = settings_.options.workers;
  result.suspended = names_of(deps_.services.suspensions());
  result.pace = {settings_.options.rescan, settings_.options.sessions};
  return result;
}

double Daemon::random() { return std::uniform_real_distribution<double>(0, 1)(random_); }

std::uint64_t Daemon::lost_log_lines() const { return sessync::lost_log_lines(); }

std::uint64_t Daemon::unleased_reads() const { return deps_.services.unleased_reads(); }

void Daemon::save_digests() { deps_.services.save_digests(); }

void Daemon::collect(const std::string& owner) {
  deps_.services.forget_unused_digests();
  deps_.services.collect_uploads(owner);
  deps_.services.forget_left_sessions(owner);
}

void Daemon::abort_uploads() { deps_.services.abort_uploads(); }

void Daemon::abort_everything() { deps_.services.abort_everything(); }

bool Daemon::run(Signals& signals, const std::function<void()>& overdue) {
  signals.handle({[this] {
                    deps_.manager.stopping(std::chrono::seconds(10));
                    controller_.stop();
                  },
                  [this] {
                    log(LogLevel::kInfo, "reloading: SIGHUP");
                    deps_.manager.reloading();
                    reloading_ = true;
                    controller_.reload();
                  },
                  kLongestStop, overdue, reap_orphans});
  // Before it is read: nobody would be told of an edit in between.
  set_targets({});
  return controller_.run();
}

void Daemon::set_targets(const Manifest& manifest) {
  watcher_.set_targets(
      watch_targets(manifest, settings_.manifest, {settings_.workspace, settings_.secrets_dir}));
}

void Daemon::watch(const Manifest& manifest) {
  deps_.services.declare(manifest.sessions(), manifest.valid());
  if (manifest.valid()) {
    deps_.services.remember_origin(origin_of(settings_, manifest));
  }
  set_targets(manifest);
  std::error_code error;
  const auto leads_to = std::filesystem::canonical(settings_.workspace, error);
  deps_.board.watching(error ? std::string() : leads_to.string());
  tell_how_watched();
  if (reloading_.exchange(false)) {
    deps_.manager.ready();
  }
}

void Daemon::retry_pending() {
  const std::lock_guard lock(trying_mutex_);
  if (trying_ && trying_()) {
    trying_ = {};
  }
}

/// On the controller's thread and on the watcher's: the tree can outgrow the limits at any time.
void Daemon::tell_how_watched() {
  const std::lock_guard lock(told_mutex_);
  if (auto reason = watcher_.degraded_reason(); reason != degraded_reason_) {
    // The numbers in it may grow with every directory; that is no news.
    const bool is_news = reason.empty() != degraded_reason_.empty();
    degraded_reason_ = std::move(reason);
    deps_.board.note("watch", degraded_reason_);
    if (is_news) {
      const bool is_well = degraded_reason_.empty();
      log(is_well ? LogLevel::kInfo : LogLevel::kWarning,
          is_well ? "file watching recovered" : degraded_reason_);
    }
  }
  if (auto reason = watcher_.quiet_reason(); std::exchange(quiet_reason_, reason) != reason) {
    deps_.board.note("quiet", reason.empty() ? "" : reason + ": it is looked at from time to time");
    log(LogLevel::kInfo, reason.empty() ? "every change is reported by an event again"
                                        : reason + ": it is looked at from time to time");
  }
}

void Daemon::on_change(const WatchChange& change) {
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
    deps_.board.changed(sessions, time_of(change.first_event));
    controller_.sessions_changed(std::move(sessions));
  }
}

CommandResult Daemon::reconcile(const std::string& name, const std::string& allow_deletes) {
  if (deps_.board.find(name) == nullptr) {
    return unknown(name);
  }
  controller_.demand_pass({name, allow_deletes});
  return {};
}

SuspendResult Daemon::suspend(const std::string& name, const std::string& by) {
  if (deps_.board.find(name) == nullptr) {
    return unknown(name);
  }
  if (auto kept = set_suspension(name, Suspension{by, now_anchored()}); !kept) {
    return tl::unexpected(kept.error());
  }
  return Suspending{deps_.services.passes().wait_for_writes(name, kLastWrites)};
}

CommandResult Daemon::resume(const std::string& name) {
  const auto session = deps_.board.find(name);
  if (!session) {
    return unknown(name);
  }
  if (auto kept = set_suspension(name, std::nullopt); !kept) {
    return kept;
  }
  if (session->suspended_by_manifest) {
    return tl::unexpected(CommandRefusal{
        CommandRefusal::Kind::kSuspendedByManifest,
        "the manifest suspends session '" + name + "': remove `suspend: true` from its entry"});
  }
  return {};
}

CommandResult Daemon::set_suspension(const std::string& name, const std::optional<Suspension>& to) {
  const std::lock_guard lock(suspend_mutex_);
  if (const auto kept = deps_.services.set_suspension(name, to); !kept) {
    return tl::unexpected(
        CommandRefusal{CommandRefusal::Kind::kNotRecorded,
                       "it could not be recorded, so nothing has changed: " + kept.error()});
  }
  auto suspensions = deps_.services.suspensions();
  controller_.set_suspended(names_of(suspensions));
  deps_.board.set_suspensions(std::move(suspensions), now_anchored());
  return {};
}

}  // namespace sessync
