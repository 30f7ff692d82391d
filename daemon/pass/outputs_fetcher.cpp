#include "daemon/pass/outputs_fetcher.h"

#include <algorithm>
#include <utility>

namespace sessync::runner {
namespace {

using Clock = std::chrono::steady_clock;

/// They wait for the network most of the time.
constexpr std::size_t kThreads = 4;
constexpr std::size_t kMostWaiting = 100'000;

/// After that a session begins no other download while others wait.
constexpr std::chrono::seconds kTurn{30};

bool is_same(const outputs::OutputsReport& one, const outputs::OutputsReport& other) {
  const auto message = [](const outputs::OutputsReport& report) {
    return report.error ? report.error->message : std::string();
  };
  return one.blocked == other.blocked && one.warnings == other.warnings &&
         one.again == other.again && message(one) == message(other);
}

}  // namespace

OutputsFetcher::OutputsFetcher()
    : executor_({.name = "outputs",
                 .task = "fetching outputs",
                 .most_waiting = kMostWaiting,
                 .threads = kThreads}) {}

void OutputsFetcher::tell(Told told) {
  const std::lock_guard lock(told_mutex_);
  told_ = std::move(told);
}

void OutputsFetcher::ask(const std::string& session, Fetch fetch) {
  const std::lock_guard lock(mutex_);
  auto& asked = sessions_[session];
  asked.fetch = std::move(fetch);
  if (!std::exchange(asked.queued, true)) submit(session);
}

/// Locked.
void OutputsFetcher::submit(const std::string& session) {
  ++waiting_;
  const auto submitted =
      executor_.submit([this, session](const std::stop_token&) { run(session); });
  if (submitted != os::Executor::Submitted::kTaken) {
    --waiting_;
    sessions_[session].queued = false;
  }
}

void OutputsFetcher::run(const std::string& session) {
  Fetch fetch;
  bool is_quiet = false;
  {
    const std::lock_guard lock(mutex_);
    auto& asked = sessions_[session];
    fetch = std::exchange(asked.fetch, {});
    is_quiet = std::exchange(asked.is_quiet, false);
    --waiting_;
    ++running_;
  }
  const auto until = Clock::now() + kTurn;
  const auto is_over = [this, until] {
    const std::lock_guard lock(mutex_);
    return stopped_ || (waiting_ > 0 && Clock::now() > until);
  };
  os::guarded("fetching outputs", [&] { keep(session, fetch(is_over), is_quiet); });
  const std::lock_guard lock(mutex_);
  --running_;
  auto& ended = sessions_[session];
  ended.queued = ended.fetch && !stopped_;
  if (ended.queued) submit(session);
  idle_.notify_all();
}

void OutputsFetcher::keep(const std::string& session, outputs::OutputsReport report,
                          bool is_quiet) {
  bool is_news = !report.fetched.empty();
  {
    const std::lock_guard lock(mutex_);
    auto& kept = sessions_[session];
    auto& last = kept.last;
    is_news = is_news || (!is_quiet && !is_same(last, report));
    kept.is_news = kept.is_news || is_news;
    auto fetched = std::exchange(last.fetched, {});
    std::ranges::move(report.fetched, std::back_inserter(fetched));
    last = std::move(report);
    last.fetched = std::move(fetched);
  }
  const std::lock_guard lock(told_mutex_);
  if (is_news && told_) told_(session);
}

outputs::OutputsReport OutputsFetcher::take(const std::string& session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return {};
  found->second.is_quiet = std::exchange(found->second.is_news, false);
  auto fetched = std::exchange(found->second.last.fetched, {});
  auto report = found->second.last;
  report.fetched = std::move(fetched);
  return report;
}

void OutputsFetcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  executor_.stop();
}

bool OutputsFetcher::wait(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, longest, [this] { return running_ == 0; });
}

}  // namespace sessync::runner
