#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/app/deadline.h"
#include "daemon/app/progress.h"
#include "daemon/app/signals.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/output.h"
#include "daemon/os/log.h"
#include "manifest/text/utf8.h"
#include "reconciler/schedule/backoff.h"

namespace sessync::cli {
namespace {

/// How long after the time is over answers are still waited for.
constexpr std::chrono::milliseconds kLastAnswers{5'000};

/// Passes over one session until it is settled, the time is over, or a signal came.
class ApplyLoop {
 public:
  ApplyLoop(app::Services& services, const config::Settings& settings, std::string owner)
      : services_(services),
        settings_(settings),
        owner_(std::move(owner)),
        deadline_(os::now_anchored() + settings.options.timeout) {}

  pass::PassOutcome run(const manifest::SessionSpec& spec) {
    schedule::Backoff backoff;
    auto outcome = pass(spec);
    while (wants_more(outcome)) {
      const auto delay =
          outcome.pass_again || outcome.progressed ? ports::Duration{0} : backoff.fail(0.5);
      if (!wait(std::min(delay, ports::Duration{5'000}))) {
        break;
      }
      outcome = merge_passes(outcome, pass(spec));
    }
    return outcome;
  }

  [[nodiscard]] bool is_over() const { return os::now_anchored() >= deadline_; }

  /// From now on no further pass is started.
  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }

 private:
  pass::PassOutcome pass(const manifest::SessionSpec& spec) {
    runner::PassRequest request;
    request.spec = spec;
    request.owner = owner_;
    request.allow_deletes = settings_.options.allow_deletes;
    return services_.passes().run(request);
  }

  [[nodiscard]] bool wants_more(const pass::PassOutcome& outcome) const {
    // Nothing is sent that cannot be recorded, and nobody makes room for a command.
    if (const auto trouble = services_.state_trouble(); trouble && trouble->why.no_room) {
      return false;
    }
    const bool hopeless =
        outcome.terminal ||
        (outcome.error &&
         (outcome.error->code == errors::SessionError::Code::kAuthenticationFailed ||
          outcome.error->code == errors::SessionError::Code::kWrongMarkerKey ||
          outcome.error->code == errors::SessionError::Code::kBilling));
    return !hopeless && !outcome.suspended && !outcome.settled();
  }

  /// False when the time is over.
  bool wait(ports::Duration delay) {
    std::unique_lock lock(mutex_);
    const auto left = deadline_ - os::now_anchored();
    wake_.wait_for(lock, std::min(delay, left), [this] { return stopping_; });
    return !stopping_ && os::now_anchored() < deadline_;
  }

  app::Services& services_;
  const config::Settings& settings_;
  std::string owner_;
  ports::TimePoint deadline_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

/// Why there is no more than there is; nothing: every session is settled, or says itself what keeps
/// it from that.
std::optional<CommandError> cut_short(const std::vector<SessionReport>& reports, bool interrupted,
                                      bool is_over) {
  std::string names;
  for (const auto& [name, outcome] : reports) {
    if (!outcome.settled() && !outcome.suspended && !outcome.error) {
      names += (names.empty() ? "" : ", ") + name;
    }
  }
  if (names.empty() || !(interrupted || is_over)) {
    return std::nullopt;
  }
  const auto left = " before " + names +
                    " was as declared; what was done is recorded, and the next apply goes on";
  return interrupted ? CommandError{"interrupted", "it was interrupted" + left}
                     : CommandError{"timed_out", "the time that --timeout gives was over" + left};
}

int apply(const config::Settings& settings, const OneShot& shot, app::Signals& signals,
          app::Progress& progress) {
  auto& services = *shot.services;
  ApplyLoop loop(services, settings, shot.owner);
  signals.handle({[&] {
                    loop.stop();
                    services.passes().stop();
                    services.abort_uploads();
                  },
                  [] {}});
  const app::Deadline timeout(settings.options.timeout, [&] {
    loop.stop();
    services.passes().stop();
    services.abort_uploads();
  });
  const app::Deadline patience(settings.options.timeout + kLastAnswers,
                               [&] { services.abort_everything(); });
  auto reports =
      for_each_session(shot.sessions, settings.options.workers,
                       [&](const manifest::SessionSpec& spec) { return loop.run(spec); });
  signals.finish();
  progress.stop();
  services.save_digests();
  services.forget_left_sessions(shot.owner);
  if (!settings.state_dir) {
    warn_of_forgetting(reports);
  }
  if (const auto trouble = services.state_trouble()) {
    os::log(os::LogLevel::kWarning, trouble->why.message);
  }
  const auto cut = cut_short(reports, signals.stopped(), loop.is_over());
  print(present(reports, settings.options, cut));
  if (cut) {
    print_error("sessync: " + manifest::printable(cut->message) + "\n");
  }
  print_error(remarks(reports, settings.options));
  return signals.stopped() ? config::exit_code::kInterrupted
                           : exit_code_of(reports, settings.options);
}

}  // namespace

int apply_command(const config::Settings& settings) {
  app::Signals signals;
  app::Progress progress;
  const auto shot =
      prepare(settings, app::Services::State::kLocked, progress.shown() ? &progress : nullptr);
  return shot ? apply(settings, *shot, signals, progress) : shot.error();
}

}  // namespace sessync::cli
