#include "daemon/controller/controller.h"

#include <algorithm>
#include <utility>

#include "daemon/controller/pass_log.h"
#include "daemon/log/log.h"

namespace sessync {
namespace {

/// How often a manifest that is missing or bad is looked at although no event came.
constexpr Duration kManifestRetry = std::chrono::seconds(10);
/// How often everything is looked at while events may be missed.
constexpr Duration kDegradedPoll = std::chrono::seconds(10);
/// What passes may take to record that their calls were given up.
constexpr Duration kLastRecords = std::chrono::milliseconds(1'500);
/// How often uploads that nothing needs any more are looked for.
constexpr Duration kCollectInterval = std::chrono::minutes(20);

void keep_earliest(std::optional<TimePoint>& next, const std::optional<TimePoint>& candidate) {
  if (candidate && (!next || *candidate < *next)) {
    next = candidate;
  }
}

}  // namespace

Controller::Controller(ManifestSource manifest, PassRunner& passes, ControllerHooks hooks,
                       ControllerOptions options)
    : manifest_(std::move(manifest)),
      passes_(passes),
      hooks_(std::move(hooks)),
      options_(std::move(options)),
      table_(options_.pace) {}

bool Controller::run() {
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<std::size_t>(options_.workers));
  for (int i = 0; i < options_.workers; ++i) {
    workers.emplace_back([this] { work(); });
  }
  Inbox inbox;
  inbox.manifest = true;
  while (!inbox.stop) {
    const auto next = step(inbox, now_anchored());
    inbox = wait(next);
  }
  return finish_workers(workers);
}

Controller::Inbox Controller::wait(std::optional<TimePoint> until) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return !inbox_.empty(); };
  if (until) {
    inbox_ready_.wait_for(lock, std::max(Duration{0}, *until - now_anchored()), ready);
  } else {
    inbox_ready_.wait(lock, ready);
  }
  return std::exchange(inbox_, {});
}

void Controller::post(const std::function<void(Inbox&)>& change) {
  const std::lock_guard lock(mutex_);
  change(inbox_);
  inbox_ready_.notify_one();
}

void Controller::sessions_changed(std::vector<std::string> names) {
  post([&](Inbox& inbox) { std::ranges::move(names, std::back_inserter(inbox.changed)); });
}
void Controller::manifest_changed() {
  post([](Inbox& inbox) { inbox.manifest = true; });
}
void Controller::reload() {
  post([](Inbox& inbox) { inbox.reload = true; });
}
void Controller::stop() {
  post([](Inbox& inbox) { inbox.stop = true; });
}

/// Handles what arrived and starts what is due. Returns when to look again although nothing
/// arrives.
std::optional<TimePoint> Controller::step(const Inbox& inbox, TimePoint now) {
  for (const auto& pass : inbox.finished) {
    report(pass);
    table_.finish(pass.name, pass.outcome, now, hooks_.random());
  }
  if (inbox.manifest || inbox.reload || (retry_manifest_ && *retry_manifest_ <= now)) {
    read_manifest(now, inbox.reload);
  }
  table_.touch(inbox.changed, now);
  if (!hooks_.watching_degraded()) {
    poll_at_.reset();
  } else if (!poll_at_ || *poll_at_ <= now) {
    poll_at_ = now + kDegradedPoll;
    table_.touch_all(now);
  }
  start_passes(now);
  start_collecting(now);
  auto next = table_.next_due();
  keep_earliest(next, retry_manifest_);
  keep_earliest(next, poll_at_);
  keep_earliest(next, collect_at_);
  return next;
}

/// Manifest and workspace may lie behind one link: a pass must not read the new tree with the old
/// manifest.
bool Controller::manifest_moved() {
  const auto resolved = manifest_.resolved();
  const std::lock_guard lock(mutex_);
  if (resolved == loaded_from_) {
    return false;
  }
  inbox_.manifest = true;
  return true;
}

void Controller::read_manifest(TimePoint now, bool even_if_unchanged) {
  const auto resolved = manifest_.resolved();
  auto texts = manifest_.read();
  {
    const std::lock_guard lock(mutex_);
    loaded_from_ = resolved;
  }
  if (texts != texts_ || even_if_unchanged) {
    texts_ = std::move(texts);
    in_force_ = load_manifest(texts_, in_force_);
    log_problems(in_force_, last_problems_);
    table_.put_in_force(in_force_, now);
    hooks_.watch(in_force_);
  }
  retry_manifest_ = in_force_.valid() ? std::nullopt : std::optional(now + kManifestRetry);
}

void Controller::start_passes(TimePoint now) {
  while (auto spec = table_.start(now)) {
    PassRequest request{
        std::move(*spec), table_.owner(), {}, false, [this] { return manifest_moved(); }};
    give_to_worker([this, request = std::move(request)] { run_pass(request); });
  }
}

void Controller::start_collecting(TimePoint now) {
  if (!collect_at_) {
    collect_at_ = now + kCollectInterval;
  } else if (*collect_at_ <= now && !table_.owner().empty()) {
    collect_at_ = now + kCollectInterval;
    give_to_worker([this, owner = table_.owner()] { hooks_.collect(owner); });
  }
}

void Controller::give_to_worker(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  work_.push_back(std::move(job));
  work_ready_.notify_one();
}

void Controller::run_pass(const PassRequest& request) {
  auto outcome = passes_.run(request);
  hooks_.pass_finished();
  post([&](Inbox& inbox) { inbox.finished.push_back({request.spec.name, std::move(outcome)}); });
}

void Controller::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_ready_.wait(lock, [this] { return workers_stop_ || !work_.empty(); });
    if (workers_stop_) {
      return;
    }
    const auto job = std::move(work_.front());
    work_.pop_front();
    ++busy_;
    lock.unlock();
    job();
    lock.lock();
    --busy_;
    inbox_ready_.notify_one();
  }
}

void Controller::report(const Finished& pass) {
  log_pass(pass.name, pass.outcome, last_state_[pass.name]);
}

bool Controller::finish_workers(std::vector<std::jthread>& workers) {
  log(LogLevel::kInfo, "stopping: no new changes are started, those under way are finished");
  passes_.stop();
  hooks_.abort_uploads();
  std::unique_lock lock(mutex_);
  work_.clear();
  workers_stop_ = true;
  work_ready_.notify_all();
  const auto idle = [this] { return busy_ == 0; };
  bool in_time = inbox_ready_.wait_for(lock, options_.shutdown_limit, idle);
  if (!in_time) {
    // Unanswered calls end in doubt, which the passes still record.
    hooks_.abort_everything();
    in_time = inbox_ready_.wait_for(lock, kLastRecords, idle);
  }
  lock.unlock();
  if (!in_time) {
    for (auto& worker : workers) {
      worker.detach();
    }
  }
  workers.clear();
  return in_time;
}

}  // namespace sessync
