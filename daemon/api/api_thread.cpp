#include "daemon/api/api_thread.h"

#include <utility>

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX

namespace sessync {
namespace {

/// Signals belong to the main thread; and a write to a closed TLS connection raises SIGPIPE.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

ApiThread::ApiThread(ApiOptions options, ContentSource& source, ApiHooks hooks)
    : host_(host_of(options.base_url)), engine_(std::move(options), source, std::move(hooks)) {
  const SignalsBlocked inherited_by_the_thread;
  thread_ = std::thread([this] { loop(); });
}

ApiThread::~ApiThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  engine_.wake();
  thread_.join();
}

void ApiThread::run(std::function<void(ApiEngine&)> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  engine_.wake();
}

void ApiThread::abort_uploads() {
  run([](ApiEngine& engine) { engine.abort_uploads(); });
}

bool ApiThread::run_tasks() {
  std::vector<std::function<void(ApiEngine&)>> tasks;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    stopping = stopping_;
  }
  for (const auto& task : tasks) task(engine_);
  return !stopping;
}

void ApiThread::loop() {
  while (run_tasks()) engine_.step();
  engine_.shut();
  // What came in meanwhile ends at once.
  run_tasks();
}

}  // namespace sessync
