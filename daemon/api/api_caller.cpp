#include "daemon/api/api_caller.h"

namespace sessync {

ApiCaller::ApiCaller(ApiThread& api, CompletionQueue& queue) : api_(api), queue_(&queue) {}

void ApiCaller::close() {
  const std::lock_guard lock(mutex_);
  queue_ = nullptr;
}

void ApiCaller::deliver(std::function<void()> completion) {
  const std::lock_guard lock(mutex_);
  if (queue_ != nullptr) queue_->post(std::move(completion));
}

void ApiCaller::complete_later(std::function<void()> completion) {
  const std::lock_guard lock(mutex_);
  if (queue_ == nullptr) return;
  queue_->expect();
  queue_->post(std::move(completion));
}

void ApiCaller::hand_over(std::function<void(ApiEngine&, Deliver)> task) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_ == nullptr) return;
    queue_->expect();
  }
  api_.run([self = shared_from_this(), task = std::move(task)](ApiEngine& engine) {
    task(engine,
         [self](std::function<void()> completion) { self->deliver(std::move(completion)); });
  });
}

void ApiCaller::submit(ApiCall call, Completion<HttpAnswer> done) {
  hand_over([call = std::move(call), done = std::move(done)](ApiEngine& engine, Deliver deliver) {
    engine.submit(call, delivering(std::move(deliver), done));
  });
}

}  // namespace sessync
