#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "daemon/api/send/api_thread.h"
#include "daemon/api/wire/wire.h"
#include "daemon/os/completion_queue.h"

namespace sessync {

/// What a value takes from the answer that it came with, beside the body.
template <class T>
void take_headers(T& /*value*/, const HttpAnswer& /*answer*/) {}
void take_headers(SessionInfo& session, const HttpAnswer& answer);
void take_headers(FileMetadata& file, const HttpAnswer& answer);
inline void take_headers(Page<FileMetadata>& page, const HttpAnswer& answer) {
  for (auto& file : page.rows) take_headers(file, answer);
}

/// Any 2xx says that it is gone, whatever the body says.
inline Completion<HttpAnswer> ignoring_body(Completion<Done> done) {
  return [done = std::move(done)](Result<HttpAnswer> answer) {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    done(Done{});
  };
}

/// The way from a worker to the API thread and back. Answers are parsed on the worker's thread, so
/// that a long list holds up no other session.
class ApiCaller : public CallOrigin, public std::enable_shared_from_this<ApiCaller> {
 public:
  ApiCaller(ApiThread& api, CompletionQueue& queue);

  /// What is under way will not be delivered. Afterwards the queue may go.
  void close();

  [[nodiscard]] bool stopping() const override;
  [[nodiscard]] bool ending() const override;
  /// See SessionApi.
  void review();
  void hurry();
  [[nodiscard]] std::optional<TimePoint> limited_until() const;

  /// Hands `task` to the API thread together with what delivers its outcome. Every task delivers
  /// exactly once, and is a call of the class until then.
  using Deliver = std::function<void(std::function<void()>)>;
  using Task = std::function<void(RequestEngine&, Deliver)>;
  void hand_over(RateClass which, Task task);

  /// For the API thread: takes a result there and runs `done` on the worker's thread.
  template <class T>
  static Completion<T> delivering(Deliver deliver, Completion<T> done) {
    return [deliver = std::move(deliver), done = std::move(done)](Result<T> result) {
      deliver([done, result = std::move(result)]() mutable { done(std::move(result)); });
    };
  }

  /// Completes later with an error that needed no call.
  template <class T>
  void refuse(Completion<T> done, ApiError error) {
    complete_later(
        [done = std::move(done), error = std::move(error)] { done(tl::unexpected(error)); });
  }
  void complete_later(std::function<void()> completion);

  void submit(ApiCall call, Completion<HttpAnswer> done);

  /// One call whose answer is one value. `problem_of` says why the value is not what was asked for;
  /// "" if it is.
  template <class T>
  void ask(ApiCall call, Parsed<T> (*parse)(std::string_view),
           std::function<std::string(const T&)> problem_of, Completion<T> done) {
    const CallContext context = context_of(call);
    submit(std::move(call), [context, parse, problem_of = std::move(problem_of),
                             done = std::move(done)](Result<HttpAnswer> answer) {
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
  void deliver(RateClass which, std::function<void()> completion);
  /// Counts a call as open. Null: nothing is sent any more.
  CompletionQueue* open(RateClass which);
  void hand_over(CompletionQueue& queue, RateClass which, Task task);

  ApiThread& api_;
  mutable std::mutex mutex_;
  CompletionQueue* queue_;                        ///< guarded by mutex_; null once closed
  std::array<std::size_t, kRateClasses> open_{};  ///< calls not answered yet; guarded by mutex_
};

}  // namespace sessync
