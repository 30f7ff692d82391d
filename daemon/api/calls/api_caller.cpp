#include "daemon/api/calls/api_caller.h"

#include <algorithm>

namespace sessync::api {

ApiCaller::ApiCaller(ApiThread& api, os::CompletionQueue& queue) : api_(api), queue_(&queue) {}

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

std::optional<ports::TimePoint> ApiCaller::limited_until() const {
  const std::lock_guard lock(mutex_);
  ports::TimePoint latest = os::now_anchored();
  const ports::TimePoint now = latest;
  for (std::size_t i = 0; i < schedule::kRateClasses; ++i) {
    const auto& budget = api_.budget(static_cast<schedule::RateClass>(i));
    if (open_.at(i) > 0) latest = std::max(latest, budget.frozen_until());
  }
  return latest > now ? std::optional(latest) : std::nullopt;
}

void ApiCaller::deliver(schedule::RateClass which, std::function<void()> completion) noexcept {
  const std::lock_guard lock(mutex_);
  --open_.at(static_cast<std::size_t>(which));
  if (queue_ != nullptr) queue_->post(std::move(completion));
}

void ApiCaller::complete_later(std::function<void()> completion) {
  const std::lock_guard lock(mutex_);
  if (queue_ == nullptr) return;
  queue_->expect();
  queue_->post(std::move(completion));
}

void ApiCaller::hand_over(schedule::RateClass which, Task task, std::function<void()> lost) {
  const auto delivery = std::make_shared<Delivery>(shared_from_this(), which, std::move(lost));
  if (!delivery->open()) return;
  const auto arrival = std::make_shared<SharedBudget::Arrival>(api_.budget(which));
  api_.run([delivery, arrival, task = std::move(task)](RequestEngine& engine) {
    task(engine, delivery);
  });
}

bool ApiCaller::take_writes(int permits) {
  return api_.budget(schedule::RateClass::kWrites)
      .take_if_nobody_waits(os::now_anchored(), permits);
}

bool ApiCaller::open(schedule::RateClass which) {
  const std::lock_guard lock(mutex_);
  if (queue_ == nullptr) return false;
  queue_->expect();
  ++open_.at(static_cast<std::size_t>(which));
  return true;
}

void ApiCaller::submit(ApiCall call, ports::Completion<http::HttpAnswer> done) {
  call.origin = shared_from_this();
  const auto which = class_of(call.lane);
  const auto operation = call.operation;
  const auto step = [call = std::move(call)](RequestEngine& engine,
                                             ports::Completion<http::HttpAnswer> answered) {
    engine.submit(call, std::move(answered));
  };
  begin<http::HttpAnswer>(which, operation, std::move(done), step);
}

}  // namespace sessync::api
