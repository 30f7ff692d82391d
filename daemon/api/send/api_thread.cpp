#include "daemon/api/send/api_thread.h"

#include <utility>

#include "daemon/http/client/base_url.h"
#include "daemon/os/thread.h"

namespace sessync::api {

ApiThread::ApiThread(ApiOptions options, ports::ContentSource& source, ApiHooks hooks)
    : host_(http::host_of(options.base_url)),
      engine_(std::move(options), source, std::move(hooks)) {
  thread_ = os::start_thread("api", os::Duty::kVital, [this] { loop(); });
}

ApiThread::~ApiThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  engine_.wake();
  thread_.join();
}

void ApiThread::run(std::function<void(RequestEngine&)> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  engine_.wake();
}

void ApiThread::abort_uploads() {
  run([](RequestEngine& engine) { engine.abort_uploads(); });
}

bool ApiThread::run_tasks() {
  std::vector<std::function<void(RequestEngine&)>> tasks;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
    stopping = stopping_;
  }
  for (const auto& task : tasks) {
    os::guarded("a call of the API", [&] { task(engine_); });
  }
  return !stopping;
}

void ApiThread::loop() {
  while (run_tasks()) {
    engine_.step();
  }
  engine_.shut();
  // What came in meanwhile ends at once.
  run_tasks();
}

}  // namespace sessync::api
