#include "daemon/controller/controller.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/os/log.h"
#include "daemon/os/thread.h"

namespace sessync::controller {
namespace {

/// What passes may take to record that their calls were given up.
constexpr ports::Duration kLastRecords = std::chrono::milliseconds(1'500);
/// How often it is looked how far the passes under way are.
constexpr ports::Duration kProgressEvery{250};
/// Before what went wrong is tried again.
constexpr ports::Duration kPauseAfterFailure = std::chrono::seconds(1);

}  // namespace

Controller::Controller(runner::ManifestSource manifest, runner::PassRunner& passes,
                       ControllerHost& host, ControllerObserver& observer,
                       ControllerOptions options)
    : manifest_(std::move(manifest)),
      passes_(passes),
      host_(host),
      observer_(observer),
      options_(std::move(options)),
      schedule_(*this, host_, {options_.pace, options_.owner_if_none}) {
  schedule_.table().set_suspended(options_.suspended, os::now_anchored());
}

bool Controller::run() {
  const os::Pulse pulse("controller", os::Duty::kVital);
  auto workers = start_workers();
  Inbox inbox;
  inbox.wakeup.manifest = true;
  while (!inbox.stop) {
    std::optional<ports::TimePoint> next;
    const bool done = os::guarded("the controller", [&] {
      next = step(inbox, os::now_anchored());
      inbox = {};  // what was not done is left for the next step
      host_.retry_pending();
      observer_.stepped();
    });
    if (done) {
      wait(inbox, next, kProgressEvery);
    } else {
      wait(inbox, os::now_anchored() + kPauseAfterFailure, std::nullopt);
    }
  }
  return finish_workers(workers);
}

void Controller::start_worker(std::vector<std::thread>& workers, int number) {
  workers.push_back(
      os::start_thread("worker-" + std::to_string(number), os::Duty::kWorker, [this] { work(); }));
}

std::vector<std::thread> Controller::start_workers() {
  std::vector<std::thread> workers;
  try {
    for (int i = 0; i < options_.workers; ++i) start_worker(workers, i);
  } catch (...) {
    finish_workers(workers);
    throw;
  }
  return workers;
}

void Controller::Inbox::take(Inbox&& more) {
  finished.splice(finished.end(), more.finished);
  std::ranges::move(more.wakeup.changed, std::back_inserter(wakeup.changed));
  std::ranges::move(more.wakeup.demands, std::back_inserter(wakeup.demands));
  wakeup.manifest |= more.wakeup.manifest;
  wakeup.reload |= more.wakeup.reload;
  concluded |= more.concluded;
  stop |= more.stop;
}

/// A worker that begins while all of them were idle, and one that ends, lets it think again.
void Controller::wait(Inbox& inbox, std::optional<ports::TimePoint> until,
                      std::optional<ports::Duration> progress_every) {
  std::unique_lock lock(mutex_);
  constexpr auto kNever = ports::TimePoint::max();
  auto progress = kNever;
  while (inbox_.empty()) {
    const auto now = os::now_anchored();
    if (busy_ == 0 || !progress_every) {
      progress = kNever;
    } else if (progress == kNever) {
      progress = now + *progress_every;
    }
    const auto next = std::min({until.value_or(kNever), progress, now + os::kLongestTurn});
    if (next <= now) {
      break;
    }
    inbox_ready_.wait_for(lock, next - now);
    os::beat();
  }
  os::beat();
  inbox.take(std::exchange(inbox_, {}));
  held_up_ = inbox.holds_up();
}

void Controller::post(const std::function<void(Inbox&)>& change) {
  const std::lock_guard lock(mutex_);
  change(inbox_);
  inbox_ready_.notify_one();
}

/// With the mutex held with which workers look into the table, so that none goes to sleep
/// meanwhile.
void Controller::sessions_changed(std::vector<std::string> names) {
  std::unique_lock lock(mutex_);
  const bool due = !held_up() && os::guarded("a change", [&] {
    schedule_.table().touch(names, os::now_anchored());
  });
  if (!due) {
    std::ranges::move(names, std::back_inserter(inbox_.wakeup.changed));
    inbox_ready_.notify_one();
    return;
  }
  lock.unlock();
  names.size() == 1 ? work_ready_.notify_one() : work_ready_.notify_all();
}
void Controller::manifest_changed() {
  post([](Inbox& inbox) { inbox.wakeup.manifest = true; });
}
void Controller::reload() {
  post([](Inbox& inbox) { inbox.wakeup.reload = true; });
}
void Controller::demand_pass(PassDemand demand) {
  passes_.hurry(demand.name);
  post([&](Inbox& inbox) { inbox.wakeup.demands.push_back(std::move(demand)); });
}
void Controller::set_suspended(std::set<std::string> names) {
  schedule_.table().set_suspended(std::move(names), os::now_anchored());
  passes_.review();
  const std::lock_guard lock(mutex_);
  work_ready_.notify_all();
}
void Controller::stop() {
  post([](Inbox& inbox) { inbox.stop = true; });
}

std::optional<ports::TimePoint> Controller::step(Inbox& inbox, ports::TimePoint now) {
  while (!inbox.finished.empty()) {
    conclude(inbox.finished.front());
    inbox.finished.pop_front();
  }
  const auto work = schedule_.step(inbox.wakeup, now);
  passes_.review();
  hand_out(work);
  tell_progress(now);
  return work.next;
}

/// The manifest, if there was a new one, is in force.
void Controller::hand_out(const Work& work) {
  const std::lock_guard lock(mutex_);
  held_up_ = false;
  collect_ |= work.collect;
  work_ready_.notify_all();
}

/// A pass that ends meanwhile is told of afterwards: what is told last of it is what it came to.
void Controller::tell_progress(ports::TimePoint now) {
  os::guarded("a report", [&] {
    const std::unique_lock lock(telling_);
    observer_.in_progress(passes_.progress(), now);
  });
}

void Controller::announce(const manifest::Manifest& manifest) {
  os::guarded("a report", [&] { observer_.manifest_read(manifest, os::now_anchored()); });
  host_.watch(manifest);
}

/// It is shown before the session's next pass can begin, which it does whether or not that could be
/// shown.
void Controller::conclude(const FinishedPass& pass) {
  auto& table = schedule_.table();
  table.record(pass.name, pass.outcome, pass.at, host_.random());
  os::guarded("a report", [&] {
    const std::shared_lock lock(telling_);
    observer_.pass_finished(pass, table.due_of(pass.name));
  });
  table.release(pass.name);
}

/// One pass, on the worker that made it. What cannot be concluded here goes to the controller,
/// which tries until it can; that takes no memory, which may be what was lacking.
void Controller::end_pass(std::list<FinishedPass> pass) {
  std::unique_lock lock(mutex_);
  bool done = !held_up();
  lock.unlock();
  done = done && os::guarded("the end of a pass", [&] { conclude(pass.front()); });
  lock.lock();
  if (done) {
    inbox_.concluded = true;
  } else {
    inbox_.finished.splice(inbox_.finished.end(), pass);
  }
  inbox_ready_.notify_one();
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

std::vector<manifest::ManifestText> Controller::read_manifest() {
  std::unique_lock lock(mutex_);
  held_up_ = true;  // also when nobody said that it is a new one
  lock.unlock();
  const auto resolved = manifest_.resolved();
  auto texts = manifest_.read();
  lock.lock();
  loaded_from_ = resolved;
  return texts;
}

/// Locked. What a worker that is free does now; empty: nothing.
std::function<void()> Controller::next_job(ports::TimePoint now) {
  if (std::exchange(collect_, false)) {
    return [this, owner = schedule_.table().owner()] { host_.collect(owner); };
  }
  if (auto due = schedule_.table().start(now)) {
    return [this, due = std::move(*due)] { run_pass(due); };
  }
  return {};
}

runner::PassRequest Controller::request_of(const DuePass& due) {
  runner::PassRequest request;
  request.spec = due.spec;
  request.owner = due.owner;
  request.allow_deletes = due.allow_deletes;
  request.refresh = due.refresh;
  request.hurried = due.demanded;
  request.stale = [this] { return manifest_moved(); };
  request.withdrawn = [this, name = due.spec.name, revision = due.revision] {
    return !schedule_.table().is_in_force(name, revision);
  };
  return request;
}

void Controller::run_pass(const DuePass& due) {
  os::busy_with("working on session " + due.spec.name);
  const auto begun = os::now_anchored();
  os::guarded("a report", [&] { observer_.pass_started(due.spec.name); });
  std::list<FinishedPass> finished(1);
  auto& pass = finished.front();
  pass.name = due.spec.name;
  pass.generation = due.generation;
  pass.outcome = passes_.run(request_of(due));
  pass.at = os::now_anchored();
  pass.took = pass.at - begun;
  end_pass(std::move(finished));
  host_.save_digests();
}

void Controller::work() {
  std::unique_lock lock(mutex_);
  while (!workers_stop_) {
    const auto job = next_job(os::now_anchored());
    if (!job) {
      work_ready_.wait_for(lock, os::kLongestTurn);
      os::beat();
      continue;
    }
    if (++busy_ == 1) {
      inbox_ready_.notify_one();
    }
    lock.unlock();
    os::guarded("a worker", job);
    os::busy_with("");
    lock.lock();
    --busy_;
    inbox_ready_.notify_one();
  }
}

bool Controller::finish_workers(std::vector<std::thread>& workers) {
  os::log(os::LogLevel::kInfo,
          "stopping: no new changes are started, those under way are finished");
  passes_.stop();
  host_.abort_uploads();
  std::unique_lock lock(mutex_);
  workers_stop_ = true;
  work_ready_.notify_all();
  const auto idle = [this] { return busy_ == 0; };
  const auto end = std::chrono::steady_clock::now() + options_.shutdown_limit;
  const auto left = [&] {
    return std::max(
        std::chrono::duration_cast<ports::Duration>(end - std::chrono::steady_clock::now()),
        ports::Duration::zero());
  };
  bool in_time = inbox_ready_.wait_until(lock, end, idle);
  lock.unlock();
  bool fetched = passes_.wait_for_fetches(left());
  if (!in_time || !fetched) {
    // Unanswered calls end in doubt, which the passes still record.
    host_.abort_everything();
    lock.lock();
    in_time = inbox_ready_.wait_for(lock, kLastRecords, idle);
    lock.unlock();
    fetched = passes_.wait_for_fetches(kLastRecords);
  }
  for (auto& worker : workers) {
    in_time ? worker.join() : worker.detach();
  }
  workers.clear();
  return in_time && fetched;
}

}  // namespace sessync::controller
