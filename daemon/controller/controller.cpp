#include "daemon/controller/controller.h"

#include <algorithm>
#include <utility>

#include "daemon/controller/pass_log.h"
#include "daemon/log/log.h"

namespace sessync {
namespace {

/// What passes may take to record that their calls were given up.
constexpr Duration kLastRecords = std::chrono::milliseconds(1'500);

}  // namespace

Controller::Controller(ManifestSource manifest, PassRunner& passes, StatusBoard& board,
                       ControllerHooks hooks, ControllerOptions options)
    : manifest_(std::move(manifest)),
      passes_(passes),
      board_(board),
      hooks_(std::move(hooks)),
      options_(std::move(options)),
      schedule_({[this] { return read_manifest(); }, hooks_.watching_degraded, hooks_.random},
                options_.pace) {}

bool Controller::run() {
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<std::size_t>(options_.workers));
  for (int i = 0; i < options_.workers; ++i) {
    workers.emplace_back([this] { work(); });
  }
  Inbox inbox;
  inbox.wakeup.manifest = true;
  inbox.wakeup.suspended = options_.suspended;
  while (!inbox.stop) {
    auto next = step(inbox.wakeup, now_anchored());
    hooks_.turned();
    if (options_.turn_every) {
      const auto turn = now_anchored() + *options_.turn_every;
      next = std::min(next.value_or(turn), turn);
    }
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
  post([&](Inbox& inbox) { std::ranges::move(names, std::back_inserter(inbox.wakeup.changed)); });
}
void Controller::manifest_changed() {
  post([](Inbox& inbox) { inbox.wakeup.manifest = true; });
}
void Controller::reload() {
  post([](Inbox& inbox) { inbox.wakeup.reload = true; });
}
void Controller::demand_pass(PassDemand demand) {
  post([&](Inbox& inbox) { inbox.wakeup.demands.push_back(std::move(demand)); });
}
void Controller::set_suspended(std::set<std::string> names) {
  post([&](Inbox& inbox) { inbox.wakeup.suspended = std::move(names); });
}
void Controller::stop() {
  post([](Inbox& inbox) { inbox.stop = true; });
}

std::optional<TimePoint> Controller::step(const Wakeup& wakeup, TimePoint now) {
  const auto work = schedule_.step(wakeup, now);
  if (work.in_force) {
    put_in_force(now);
  }
  std::ranges::for_each(wakeup.finished, [this](const FinishedPass& pass) { show(pass); });
  start(work);
  const auto& queue = schedule_.queue();
  const std::lock_guard lock(mutex_);
  queue_ = {work_.size(), queue.adds(), queue.retries()};
  return work.next;
}

void Controller::put_in_force(TimePoint now) {
  const auto& manifest = schedule_.manifest();
  log_problems(manifest, last_problems_);
  forget_left(now);
  board_.manifest_read(manifest, options_.pace.only, now);
  hooks_.watch(manifest);
}

/// Names only come with manifests, so this is often enough to forget those that left. One that
/// comes back within a day is not told as if it were new.
void Controller::forget_left(TimePoint now) {
  std::erase_if(last_state_,
                [now](const auto& entry) { return now - entry.second.at > kLeftKept; });
}

void Controller::show(const FinishedPass& pass) {
  auto& last = last_state_[pass.name];
  last.at = pass.at;
  log_pass(pass.name, pass.outcome, last.text);
  const StatusBoard::FinishedPass finished{pass.name, &pass.outcome, pass.at,
                                           schedule_.queue().due_of(pass.name)};
  const auto waited = board_.pass_finished(finished);
  hooks_.pass_measured(finished, pass.took, waited);
}

QueueFigures Controller::queue() const {
  const std::lock_guard lock(mutex_);
  return queue_;
}

/// Manifest and workspace may lie behind one link: a pass must not read the new tree with the old
/// manifest.
bool Controller::manifest_moved() {
  const auto resolved = manifest_.resolved();
  const std::lock_guard lock(mutex_);
  if (resolved == loaded_from_) {
    return false;
  }
  inbox_.wakeup.manifest = true;
  return true;
}

std::vector<ManifestText> Controller::read_manifest() {
  const auto resolved = manifest_.resolved();
  auto texts = manifest_.read();
  const std::lock_guard lock(mutex_);
  loaded_from_ = resolved;
  return texts;
}

void Controller::start(const Work& work) {
  for (const auto& due : work.passes) {
    PassRequest request{due.spec, schedule_.owner(), due.allow_deletes, false,
                        [this] { return manifest_moved(); }};
    give_to_worker([this, request = std::move(request)] { run_pass(request); });
  }
  if (work.collect) {
    give_to_worker([this, owner = schedule_.owner()] { hooks_.collect(owner); });
  }
}

void Controller::give_to_worker(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  work_.push_back(std::move(job));
  work_ready_.notify_one();
}

void Controller::run_pass(const PassRequest& request) {
  const auto begun = now_anchored();
  board_.pass_started(request.spec.name);
  FinishedPass finished{request.spec.name, passes_.run(request), now_anchored()};
  finished.took = finished.at - begun;
  hooks_.pass_finished();
  post([&](Inbox& inbox) { inbox.wakeup.finished.push_back(std::move(finished)); });
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
