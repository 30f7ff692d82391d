#include "daemon/app/daemon.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "daemon/app/state_choice.h"
#include "daemon/controller/watch_targets.h"
#include "daemon/os/log.h"
#include "daemon/secrets/orphans.h"

namespace sessync::app {
namespace {

/// From the signal to the end of the process.
constexpr std::chrono::milliseconds kLongestStop{9'800};

watch::WatcherOptions watcher_options(const config::Settings& settings) {
  watch::WatcherOptions result;
  result.settle = settings.options.settle;
  result.poll = std::min(result.poll, settings.options.rescan);
  result.poll_layers = std::min(result.poll_layers, settings.options.rescan);
  return result;
}

std::set<std::string> names_of(const std::map<std::string, state::Suspension>& suspensions) {
  std::set<std::string> names;
  for (const auto& [name, suspension] : suspensions) {
    names.insert(name);
  }
  return names;
}

/// How long a suspension waits for what was sent already.
constexpr ports::Duration kLastWrites = std::chrono::seconds(10);

tl::unexpected<serve::CommandRefusal> unknown(const std::string& name) {
  return tl::unexpected(
      serve::CommandRefusal{serve::CommandRefusal::Kind::kUnknownSession,
                            "no session is named '" + name + "' in the manifest that is in force"});
}

/// Now, less how long ago it was.
ports::TimePoint time_of(std::chrono::steady_clock::time_point event) {
  const auto ago = std::chrono::steady_clock::now() - event;
  return os::now_anchored() - std::chrono::duration_cast<ports::Duration>(ago);
}

}  // namespace

Daemon::Daemon(const config::Settings& settings, Dependencies deps)
    : settings_(settings),
      deps_(deps),
      state_is_known_(deps.services.state_is_known()),
      reporter_(deps.board, deps.metrics, deps.manager, settings.options.sessions),
      controller_(settings.manifest, deps.services.passes(), *this, reporter_, options()),
      watcher_([this](const watch::WatchChange& change) { on_change(change); },
               watcher_options(settings)) {
  deps_.board.set_suspensions(deps_.services.suspensions(), os::now_anchored());
  deps_.metrics.set_sources(this);
  tell_state(deps_.services.state_trouble());
  deps_.services.watch_state([this] { on_state(); });
  deps_.services.read_beside(
      [this](const auto& session) { controller_.sessions_changed({session}); });
  deps_.services.fetch_beside(
      [this](const auto& session) { controller_.sessions_changed({session}); });
}

Daemon::~Daemon() {
  deps_.services.fetch_beside({});
  deps_.services.read_beside({});
  deps_.services.watch_state({});
  deps_.metrics.set_sources(nullptr);
}

void Daemon::keep_trying(std::function<bool()> what) {
  const std::lock_guard lock(trying_mutex_);
  trying_ = std::move(what);
}

void Daemon::tell_state(const std::optional<state::StateDatabase::Trouble>& trouble) {
  deps_.board.state_is(trouble ? status::StatusBoard::State{trouble->why.message, trouble->is_open}
                               : status::StatusBoard::State{},
                       os::now_anchored());
}

/// On the thread that writes the state, a worker's maybe, which holds no lock. What waited for room
/// is tried at once; and only now may it be known which sessions are suspended.
void Daemon::on_state() {
  const auto trouble = deps_.services.state_trouble();
  tell_state(trouble);
  if (trouble) {
    os::log(os::LogLevel::kError, trouble->why.message);
    return;
  }
  os::log(os::LogLevel::kInfo, "the state can be written again");
  if (!state_is_known_.exchange(true)) {
    controller_.reload();  // by what is known now to have been in force
  } else {
    const std::lock_guard lock(holdings_mutex_);
    if (holdings_) {
      deps_.services.remember_holdings(*holdings_);
    }
  }
  auto suspensions = deps_.services.suspensions();
  controller_.set_suspended(names_of(suspensions));
  deps_.board.set_suspensions(std::move(suspensions), os::now_anchored());
  std::vector<std::string> names;
  for (const auto& session : deps_.board.snapshot().sessions) {
    names.push_back(session->name);
  }
  controller_.sessions_changed(std::move(names));
}

controller::ControllerOptions Daemon::options() const {
  controller::ControllerOptions result;
  result.workers = settings_.options.workers;
  result.suspended = names_of(deps_.services.suspensions());
  result.pace = {settings_.options.rescan, settings_.options.sessions};
  result.owner_if_none = settings_.options.owner;
  result.policy = settings_.policy;
  return result;
}

double Daemon::random() {
  const std::lock_guard lock(random_mutex_);
  return std::uniform_real_distribution<double>(0, 1)(random_);
}

std::uint64_t Daemon::lost_log_lines() const { return sessync::os::lost_log_lines(); }

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
                    os::log(os::LogLevel::kInfo, "reloading: SIGHUP");
                    deps_.manager.reloading();
                    reloading_ = true;
                    controller_.reload();
                  },
                  kLongestStop, overdue, secrets::reap_orphans});
  // Before it is read: nobody would be told of an edit in between.
  set_targets({});
  return controller_.run();
}

void Daemon::set_targets(const manifest::Manifest& manifest) {
  watcher_.set_targets(controller::watch_targets(
      manifest, settings_.manifest,
      {settings_.workspace, settings_.secrets_dir, settings_.policy.path()}));
}

std::optional<manifest::Holdings> Daemon::remembered() { return deps_.services.holdings(); }

void Daemon::remember(const manifest::Holdings& holdings) {
  const std::lock_guard lock(holdings_mutex_);
  holdings_ = holdings;
  deps_.services.remember_holdings(holdings);
}

void Daemon::watch(const manifest::Manifest& manifest) {
  deps_.services.declare(manifest);
  if (manifest.valid()) {
    deps_.services.remember_origin(origin_of(settings_, manifest));
  }
  set_targets(manifest);
  writes_outputs_ = std::ranges::any_of(
      manifest.sessions(), [](const auto& session) { return session.outputs.has_value(); });
  std::error_code error;
  const auto leads_to = std::filesystem::canonical(settings_.workspace, error);
  deps_.board.watching(error ? std::string() : leads_to.string());
  tell_how_watched();
  if (reloading_.exchange(false)) {
    deps_.manager.ready();
  }
}

void Daemon::retry_pending() {
  {
    const std::lock_guard lock(trying_mutex_);
    if (trying_ && trying_()) {
      trying_ = {};
    }
  }
  // Nobody watches the directory of outputs.
  const std::lock_guard lock(told_mutex_);
  tell_kept_out();
}

/// On the controller's thread and on the watcher's: the tree can outgrow the limits at any time.
void Daemon::tell_how_watched() {
  const std::lock_guard lock(told_mutex_);
  tell_kept_out();
  if (auto reason = watcher_.degraded_reason(); reason != degraded_reason_) {
    // The numbers in it may grow with every directory; that is no news.
    const bool is_news = reason.empty() != degraded_reason_.empty();
    degraded_reason_ = std::move(reason);
    deps_.board.note("watch", degraded_reason_);
    if (is_news) {
      const bool is_well = degraded_reason_.empty();
      os::log(is_well ? os::LogLevel::kInfo : os::LogLevel::kWarning,
              is_well ? "file watching recovered" : degraded_reason_);
    }
  }
  if (auto reason = watcher_.quiet_reason(); std::exchange(quiet_reason_, reason) != reason) {
    deps_.board.note("quiet", reason.empty() ? "" : reason + ": it is looked at from time to time");
    os::log(os::LogLevel::kInfo, reason.empty() ? "every change is reported by an event again"
                                                : reason + ": it is looked at from time to time");
  }
}

/// With told_mutex_ held.
void Daemon::tell_kept_out() {
  auto kept_out = deps_.sandbox.kept_out(writes_outputs_);
  if (kept_out == kept_out_) return;
  kept_out_ = std::move(kept_out);
  deps_.board.problem("sandbox", kept_out_);
  os::log(
      kept_out_.empty() ? os::LogLevel::kInfo : os::LogLevel::kError,
      kept_out_.empty() ? "the sandbox keeps nothing closed any more that is needed" : kept_out_);
}

void Daemon::on_change(const watch::WatchChange& change) {
  tell_how_watched();
  std::vector<std::string> sessions;
  for (const auto& name : change.names) {
    if (name == controller::kManifestTarget) {
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

serve::CommandResult Daemon::reconcile(const std::string& name, const std::string& allow_deletes) {
  if (deps_.board.find(name) == nullptr) {
    return unknown(name);
  }
  controller_.demand_pass({name, allow_deletes});
  return {};
}

serve::SuspendResult Daemon::suspend(const std::string& name, const std::string& by) {
  if (deps_.board.find(name) == nullptr) {
    return unknown(name);
  }
  if (auto kept = set_suspension(name, state::Suspension{by, os::now_anchored()}); !kept) {
    return tl::unexpected(kept.error());
  }
  return serve::Suspending{deps_.services.passes().wait_for_writes(name, kLastWrites)};
}

serve::CommandResult Daemon::resume(const std::string& name) {
  const auto session = deps_.board.find(name);
  if (!session) {
    return unknown(name);
  }
  if (auto kept = set_suspension(name, std::nullopt); !kept) {
    return kept;
  }
  if (session->suspended_by_manifest) {
    return tl::unexpected(serve::CommandRefusal{
        serve::CommandRefusal::Kind::kSuspendedByManifest,
        "the manifest suspends session '" + name + "': remove `suspend: true` from its entry"});
  }
  return {};
}

serve::CommandResult Daemon::set_suspension(const std::string& name,
                                            const std::optional<state::Suspension>& to) {
  const std::lock_guard lock(suspend_mutex_);
  if (const auto kept = deps_.services.set_suspension(name, to); !kept) {
    return tl::unexpected(
        serve::CommandRefusal{serve::CommandRefusal::Kind::kNotRecorded,
                              "it could not be recorded, so nothing has changed: " + kept.error()});
  }
  auto suspensions = deps_.services.suspensions();
  controller_.set_suspended(names_of(suspensions));
  deps_.board.set_suspensions(std::move(suspensions), os::now_anchored());
  return {};
}

}  // namespace sessync::app
