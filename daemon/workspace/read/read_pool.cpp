#include "daemon/workspace/read/read_pool.h"

#include <algorithm>
#include <atomic>

#include "daemon/os/thread.h"
#include "manifest/text/utf8.h"

namespace sessync::workspace {
namespace {

/// Hashed in a few hundredths of a second: so long a lease may be waited for, and so long somebody
/// else's turn.
constexpr std::uint64_t kPiece = std::uint64_t{8} << 20U;

}  // namespace

struct ReadPool::Job {
  Key key;
  FileStamp stamp;
  std::set<std::string> askers;  ///< sessions
  std::unique_ptr<DigestTask> task;
  std::atomic<std::uint64_t> done{0};
  bool running = false;
  std::optional<DigestResult> result;
};

struct ReadPool::Help {
  const Slice* slice = nullptr;
  bool running = false;
  bool over = false;  ///< nobody wants it any more
};

ReadPool::ReadPool(DigestTaskFactory make_task)
    : make_task_(std::move(make_task)),
      threads_("hash", kThreads, [this] { work(); }, [this] { end(); }) {}

void ReadPool::end() {
  const std::lock_guard lock(mutex_);
  stopped_ = over_ = true;
  work_.notify_all();
}

void ReadPool::read_beside(std::chrono::milliseconds patience,
                           std::function<void(const std::string&)> when_read) {
  std::unique_lock lock(mutex_);
  patience_ = patience;
  when_read_ = std::move(when_read);
  read_.wait(lock, [this] { return telling_ == 0; });
}

void ReadPool::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  work_.notify_all();
  read_.notify_all();
}

bool ReadPool::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void ReadPool::work() {
  std::unique_lock lock(mutex_);
  for (bool helps_first = true; !over_; helps_first = !helps_first) {
    const bool worked = helps_first ? help(lock) || advance(lock) : advance(lock) || help(lock);
    if (!worked) {
      work_.wait_for(lock, os::kLongestTurn);
    }
    os::beat();
  }
}

bool ReadPool::advance(std::unique_lock<std::mutex>& lock) {
  const auto job = next();
  if (job) advance(job, lock);
  return job != nullptr;
}

/// The session after the one that had the last turn, and of it the smallest file.
ReadPool::JobPtr ReadPool::next() {
  if (stopped_) return nullptr;
  std::map<std::string, JobPtr> candidates;
  for (const auto& [key, job] : jobs_) {
    if (job->running || job->result) continue;
    for (const auto& session : job->askers) {
      auto& best = candidates[session];
      if (!best || job->stamp.size < best->stamp.size) best = job;
    }
  }
  if (candidates.empty()) return nullptr;
  auto turn = candidates.upper_bound(last_turn_);
  if (turn == candidates.end()) turn = candidates.begin();
  last_turn_ = turn->first;
  return turn->second;
}

void ReadPool::advance(const JobPtr& job, std::unique_lock<std::mutex>& lock) {
  job->running = true;
  lock.unlock();
  std::optional<DigestResult> result;
  const bool ran = os::guarded("reading a file", [&] {
    os::busy_with("reading " + manifest::printable(job->key.second));
    if (!job->task) job->task = make_task_(job->key.first, job->key.second);
    result = job->task->step(kPiece);
    job->done = job->task->done();
  });
  os::busy_with("");
  lock.lock();
  job->running = false;
  if (!ran) result = tl::unexpected(StableReadError{StableReadError::Kind::kUnstable});
  if (!result) return;
  if (*result) job->stamp = job->task->stamp();
  job->result = result;
  job->task.reset();
  read_.notify_all();
  // Those who wait see for themselves.
  auto sessions = job->askers;
  std::erase_if(sessions, [this](const auto& session) { return waiting_.contains(session); });
  tell(sessions, lock);
}

void ReadPool::tell(const std::set<std::string>& sessions, std::unique_lock<std::mutex>& lock) {
  const auto when_read = when_read_;
  if (!when_read || sessions.empty()) return;
  ++telling_;
  lock.unlock();
  os::guarded("telling that a file was read", [&] { std::ranges::for_each(sessions, when_read); });
  lock.lock();
  --telling_;
  read_.notify_all();
}

std::vector<DigestResult> ReadPool::read(const Asker& asker, std::span<const FileToRead> files) {
  constexpr std::chrono::milliseconds kToTheEnd = std::chrono::hours(24 * 365);
  std::unique_lock lock(mutex_);
  std::vector<JobPtr> jobs;
  for (const auto& file : files) {
    jobs.push_back(ask(asker.session, {asker.root, file.path}, file.stamp));
  }
  work_.notify_all();
  const auto place = waiting_.insert(asker.session);
  const auto patience = patience_.value_or(kToTheEnd);
  wait(lock, jobs, asker.waits ? patience : std::min(patience, std::chrono::milliseconds{0}));
  waiting_.erase(place);
  std::vector<DigestResult> results;
  results.reserve(jobs.size());
  for (const auto& job : jobs) results.push_back(take(asker.session, job->key, job));
  return results;
}

/// What was read of the file when it looked otherwise is of no use.
ReadPool::JobPtr ReadPool::ask(const std::string& session, const Key& key, const FileStamp& stamp) {
  auto& job = jobs_[key];
  const bool is_other = job && job->stamp != stamp;
  if (!job || is_other) {
    auto askers = is_other ? std::move(job->askers) : std::set<std::string>();
    job = std::make_shared<Job>();
    job->key = key;
    job->stamp = stamp;
    job->askers = std::move(askers);
  }
  job->askers.insert(session);
  return job;
}

void ReadPool::wait(std::unique_lock<std::mutex>& lock, std::span<const JobPtr> jobs,
                    std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + patience;
  const auto over = [&] {
    return stopped_ ||
           std::ranges::all_of(jobs, [](const auto& job) { return job->result.has_value(); });
  };
  while (!over() && Clock::now() < end) {
    read_.wait_until(lock, std::min<Clock::time_point>(end, Clock::now() + os::kLongestTurn));
    os::beat();
  }
}

DigestResult ReadPool::take(const std::string& session, const Key& key, const JobPtr& job) {
  if (!job->result) {
    return tl::unexpected(StableReadError{StableReadError::Kind::kUnread, 0, job->done.load()});
  }
  auto result = *job->result;
  leave(session, key);
  return result;
}

void ReadPool::leave(const std::string& session, const Key& key) {
  const auto found = jobs_.find(key);
  if (found == jobs_.end()) return;
  found->second->askers.erase(session);
  if (found->second->askers.empty()) jobs_.erase(found);
}

void ReadPool::keep_only(const std::string& session, const Wanted& files) {
  const std::lock_guard lock(mutex_);
  std::vector<Key> unwanted;
  for (const auto& [key, job] : jobs_) {
    if (job->askers.contains(session) && !files.contains(key)) unwanted.push_back(key);
  }
  std::ranges::for_each(unwanted, [&](const Key& key) { leave(session, key); });
}

/// A piece of what the next scan asks for; the others have their turns before it has another one.
bool ReadPool::help(std::unique_lock<std::mutex>& lock) {
  if (helps_.empty()) return false;
  const auto help = std::move(helps_.front());
  helps_.pop_front();
  help->running = true;
  lock.unlock();
  bool is_more = false;
  os::guarded("reading files", [&] { is_more = (*help->slice)(); });
  lock.lock();
  help->running = false;
  if (is_more && !help->over) helps_.push_back(help);
  read_.notify_all();
  return true;
}

bool ReadPool::reads_beside() const {
  const std::lock_guard lock(mutex_);
  return patience_.has_value();
}

void ReadPool::remind(const std::string& session) {
  std::unique_lock lock(mutex_);
  tell({session}, lock);
}

void ReadPool::run_beside(const std::function<void()>& own, const Slice& slice) {
  const auto help = std::make_shared<Help>();
  help->slice = &slice;
  {
    const std::lock_guard lock(mutex_);
    helps_.push_back(help);
    work_.notify_one();
  }
  // What `slice` refers to is the caller's: nobody may be at it when this returns or throws.
  const auto end = [&] {
    std::unique_lock lock(mutex_);
    help->over = true;
    std::erase(helps_, help);
    while (help->running) {
      read_.wait_for(lock, os::kLongestTurn);
      os::beat();
    }
  };
  try {
    own();
  } catch (...) {
    end();
    throw;
  }
  end();
}

}  // namespace sessync::workspace
