#include "daemon/secrets/job_pool.h"

#include <utility>

#include "daemon/os/thread.h"

namespace sessync {

JobPool::JobPool(const std::string& name, std::size_t threads) {
  threads_.reserve(threads);
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      start(name + "-" + std::to_string(i));
    }
  } catch (...) {
    stop();
    for (auto& thread : threads_) thread.join();
    throw;
  }
}

void JobPool::start(const std::string& name) {
  threads_.push_back(start_thread(name, Duty::kHelper, [this] { work(); }));
}

JobPool::~JobPool() {
  stop();
  for (auto& thread : threads_) thread.join();
}

void JobPool::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      jobs_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  job(stop_.get_token());
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
  while (!changed_.wait_for(lock, kLongestTurn, [this] { return stopping_ || !jobs_.empty(); })) {
    beat();
  }
  if (jobs_.empty()) return false;
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

void JobPool::work() {
  Job job;
  while (take(job)) {
    guarded("fetching a token", [&] { job(stop_.get_token()); });
    job = nullptr;
    beat();
  }
}

}  // namespace sessync
