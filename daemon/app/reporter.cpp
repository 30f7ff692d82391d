#include "daemon/app/reporter.h"

#include <algorithm>
#include <utility>

namespace sessync::app {
namespace {

std::string summary_of(const status::StatusSnapshot& status) {
  const auto ready = std::ranges::count_if(
      status.sessions, [](const auto& session) { return session->conditions.front().what.status; });
  const auto count = status.sessions.size();
  return std::to_string(count) + (count == 1 ? " session, " : " sessions, ") +
         std::to_string(ready) + " ready" +
         (status.manifest.valid ? "" : "; the manifest has errors");
}

}  // namespace

Reporter::Reporter(status::StatusBoard& board, metrics::Metrics& metrics, ServiceManager& manager,
                   std::vector<std::string> only)
    : board_(board), metrics_(metrics), manager_(manager), only_(std::move(only)) {}

void Reporter::manifest_read(const manifest::Manifest& manifest, ports::TimePoint now) {
  log_.manifest_read(manifest, now);
  board_.manifest_read(manifest, only_, now);
  metrics_.forget_left();
}

void Reporter::pass_started(const std::string& name) { board_.pass_started(name); }

/// Whoever waits for something says so meanwhile.
void Reporter::in_progress(const std::vector<reconciler::PassProgress>& passes,
                           ports::TimePoint now) {
  for (const auto& pass : passes) {
    board_.pass_goes_on(pass, now);
  }
  board_.show_waiting(now);
}

void Reporter::pass_finished(const controller::FinishedPass& pass,
                             std::optional<ports::TimePoint> next) {
  log_.pass_finished(pass);
  const status::StatusBoard::FinishedPass finished{pass.name, &pass.outcome, pass.at, next,
                                                   pass.generation};
  const auto waited = board_.pass_finished(finished);
  metrics_.pass_finished(finished, pass.took, waited);
}

void Reporter::stepped() {
  if (manager_.listens()) {
    manager_.status(summary_of(board_.snapshot()));
  }
}

}  // namespace sessync::app
