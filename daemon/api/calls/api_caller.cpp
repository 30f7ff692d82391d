#include "daemon/api/calls/api_caller.h"

#include <algorithm>

namespace sessync {

ApiCaller::ApiCaller(ApiThread& api, CompletionQueue& queue) : api_(api), queue_(&queue) {}

void ApiCaller::close() {
  const std::lock_guard lock(mutex_);
  queue_ = nullptr;
}

bool ApiCaller::stopping() const {
  const std::lock_guard lock(mutex_);
  return queue_ == nullptr || queue_->stopping();
}

bool ApiCaller::ending() const {
  const std::lock_guard lock(mutex_);
  return queue_ == nullptr || queue_->ending();
}

void ApiCaller::review() {
  api_.run([self = shared_from_this()](RequestEngine& engine) { engine.review(*self); });
}

void ApiCaller::hurry() {
  api_.run([self = shared_from_this()](RequestEngine& engine) {
    self->hurried = true;
    engine.review(*self);
  });
}

std::optional<TimePoint> ApiCaller::limited_until() const {
  const std::lock_guard lock(mutex_);
  TimePoint latest = now_anchored();
  const TimePoint now = latest;
  for (std::size_t i = 0; i < kRateClasses; ++i) {
    if (open_.at(i) > 0) latest = std::max(latest, api_.frozen_until(static_cast<RateClass>(i)));
  }
  return latest > now ? std::optional(latest) : std::nullopt;
}

void ApiCaller::deliver(RateClass which, std::function<void()> completion) {
  const std::lock_guard lock(mutex_);
  --open_.at(static_cast<std::size_t>(which));
  if (queue_ != nullptr) queue_->post(std::move(completion));
}

void ApiCaller::complete_later(std::function<void()> completion) {
  const std::lock_guard lock(mutex_);
  if (queue_ == nullptr) return;
  Announcement announced(*queue_);
  queue_->post(std::move(completion));
  announced.handed_over();
}

void ApiCaller::hand_over(RateClass which, Task task) {
  CompletionQueue* const queue = open(which);
  if (queue == nullptr) return;
  try {
    hand_over(*queue, which, std::move(task));
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --open_.at(static_cast<std::size_t>(which));
    throw;
  }
}

void ApiCaller::hand_over(CompletionQueue& queue, RateClass which, Task task) {
  Announcement announced(queue);
  api_.run([self = shared_from_this(), which, task = std::move(task)](RequestEngine& engine) {
    task(engine, [self, which](std::function<void()> completion) {
      self->deliver(which, std::move(completion));
    });
  });
  announced.handed_over();
}

CompletionQueue* ApiCaller::open(RateClass which) {
  const std::lock_guard lock(mutex_);
  if (queue_ != nullptr) ++open_.at(static_cast<std::size_t>(which));
  return queue_;
}

void ApiCaller::submit(ApiCall call, Completion<HttpAnswer> done) {
  call.origin = shared_from_this();
  const auto which = class_of(call.lane);
  hand_over(which, [call = std::move(call), done = std::move(done)](RequestEngine& engine,
                                                                    Deliver deliver) {
    engine.submit(call, delivering(std::move(deliver), done));
  });
}

}  // namespace sessync
