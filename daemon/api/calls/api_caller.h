#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "daemon/api/send/api_thread.h"
#include "daemon/api/send/lost_call.h"
#include "daemon/api/wire/wire.h"
#include "daemon/os/completion_queue.h"

namespace sessync::api {

/// What a value takes from the answer that it came with, beside the body.
template <class T>
void take_headers(T& /*value*/, const http::HttpAnswer& /*answer*/) {}
void take_headers(ports::SessionInfo& session, const http::HttpAnswer& answer);
void take_headers(ports::FileMetadata& file, const http::HttpAnswer& answer);
inline void take_headers(Page<ports::FileMetadata>& page, const http::HttpAnswer& answer) {
  for (auto& file : page.rows) take_headers(file, answer);
}

/// Any 2xx says that it is gone, whatever the body says.
inline ports::Completion<http::HttpAnswer> ignoring_body(ports::Completion<ports::Done> done) {
  return [done = std::move(done)](ports::Result<http::HttpAnswer> answer) {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    done(ports::Done{});
  };
}

/// The way from a worker to the API thread and back. Answers are parsed on the worker's thread, so
/// that a long list holds up no other session.
class ApiCaller : public CallOrigin, public std::enable_shared_from_this<ApiCaller> {
 public:
  ApiCaller(ApiThread& api, os::CompletionQueue& queue);

  /// What is under way will not be delivered. Afterwards the queue may go.
  void close();

  [[nodiscard]] bool stopping() const override;
  [[nodiscard]] bool ending() const override;
  /// See SessionApi.
  void review();
  void hurry();
  [[nodiscard]] std::optional<ports::TimePoint> limited_until() const;

  /// The way back of one call: runs one completion on the worker's thread, whatever is thrown
  /// before. Shared by all who might answer; on the API thread, once handed over.
  class Delivery {
   public:
    /// `lost` is the completion when this goes without another one.
    Delivery(std::shared_ptr<ApiCaller> caller, schedule::RateClass which,
             std::function<void()> lost)
        : caller_(std::move(caller)), which_(which), lost_(std::move(lost)) {}
    Delivery(const Delivery&) = delete;
    Delivery& operator=(const Delivery&) = delete;
    ~Delivery() { post(std::move(lost_)); }

    /// False: the caller is closed, so that nothing will be delivered.
    bool open() { return is_open_ = caller_->open(which_); }
    /// Nothing, after the first time.
    void post(std::function<void()> completion) noexcept {
      if (std::exchange(is_open_, false)) caller_->deliver(which_, std::move(completion));
    }

   private:
    std::shared_ptr<ApiCaller> caller_;
    schedule::RateClass which_;
    std::function<void()> lost_;
    bool is_open_ = false;
  };
  using DeliveryPtr = std::shared_ptr<Delivery>;

  /// Hands `task` to the API thread together with what delivers its outcome. It is a call of the
  /// class until then.
  using Task = std::function<void(RequestEngine&, const DeliveryPtr&)>;
  void hand_over(schedule::RateClass which, Task task, std::function<void()> lost);

  /// Takes permits of the write budget here and now; false: that has to be waited for, or others
  /// do, and none was taken.
  bool take_writes(int permits);

  /// Begins a call by `step` on the API thread, and runs `done` on the worker's thread.
  template <class T>
  void begin(schedule::RateClass which, std::string_view operation, ports::Completion<T> done,
             std::function<void(RequestEngine&, ports::Completion<T>)> step) {
    const auto was_sent = std::make_shared<WasSent>(WasSent::kNo);
    const auto task = [was_sent, done, step = std::move(step)](RequestEngine& engine,
                                                               const DeliveryPtr& delivery) {
      step(engine, delivering(delivery, was_sent, done));
      *was_sent = WasSent::kYes;
    };
    hand_over(which, task, [operation, was_sent, done = std::move(done)] {
      done(tl::unexpected(lost_call(operation, *was_sent)));
    });
  }

  /// Completes later with an error that needed no call.
  template <class T>
  void refuse(ports::Completion<T> done, ports::ApiError error) {
    complete_later(
        [done = std::move(done), error = std::move(error)] { done(tl::unexpected(error)); });
  }
  void complete_later(std::function<void()> completion);

  void submit(ApiCall call, ports::Completion<http::HttpAnswer> done);

  /// One call whose answer is one value. `problem_of` says why the value is not what was asked for;
  /// "" if it is.
  template <class T>
  void ask(ApiCall call, Parsed<T> (*parse)(std::string_view),
           std::function<std::string(const T&)> problem_of, ports::Completion<T> done) {
    const CallContext context = context_of(call);
    submit(std::move(call), [context, parse, problem_of = std::move(problem_of),
                             done = std::move(done)](ports::Result<http::HttpAnswer> answer) {
      if (!answer) return done(tl::unexpected(std::move(answer.error())));
      auto value = parse(answer->body);
      const std::string problem = value ? problem_of(*value) : value.error();
      if (problem.empty()) {
        take_headers(*value, *answer);
        return done(std::move(*value));
      }
      done(tl::unexpected(unusable_answer(*answer, context, problem)));
    });
  }

  [[nodiscard]] CallContext context_of(const ApiCall& call) const {
    return {call.operation, call.effect(), api_.host()};
  }

 private:
  /// Takes a result on the API thread; what it says is known even if it is lost after this.
  template <class T>
  static ports::Completion<T> delivering(DeliveryPtr delivery, std::shared_ptr<WasSent> was_sent,
                                         ports::Completion<T> done) {
    return [delivery = std::move(delivery), was_sent = std::move(was_sent),
            done = std::move(done)](ports::Result<T> result) {
      const bool unsent = !result && result.error().kind == ports::ApiError::Kind::kNotSent;
      *was_sent = unsent ? WasSent::kNo : WasSent::kYes;
      delivery->post([done, result = std::move(result)]() mutable { done(std::move(result)); });
    };
  }

  void deliver(schedule::RateClass which, std::function<void()> completion) noexcept;
  /// Counts a call as open. False: nothing is sent any more.
  bool open(schedule::RateClass which);

  ApiThread& api_;
  mutable std::mutex mutex_;
  os::CompletionQueue* queue_;  ///< guarded by mutex_; null once closed
  /// Calls not answered yet; guarded by mutex_.
  std::array<std::size_t, schedule::kRateClasses> open_{};
};

}  // namespace sessync::api
