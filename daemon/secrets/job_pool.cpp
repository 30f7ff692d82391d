#include "daemon/secrets/job_pool.h"

#include <csignal>
#include <utility>

namespace sessync {

JobPool::~JobPool() {
  stop();
  for (auto& thread : threads_) thread.join();
}

void JobPool::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      jobs_.push_back(std::move(job));
      if (jobs_.size() > idle_ && threads_.size() < most_threads_) start_thread();
      changed_.notify_one();
      return;
    }
  }
  job(stop_.get_token());
}

/// Signals belong to the main thread; and a write to a closed TLS connection raises SIGPIPE. The
/// new thread has the mask of the one that starts it.
void JobPool::start_thread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  threads_.emplace_back([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void JobPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  stop_.request_stop();
}

bool JobPool::take(Job& job) {
  std::unique_lock lock(mutex_);
  ++idle_;
  changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
  --idle_;
  if (jobs_.empty()) return false;
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

void JobPool::work() {
  Job job;
  while (take(job)) {
    job(stop_.get_token());
    job = nullptr;
  }
}

}  // namespace sessync
