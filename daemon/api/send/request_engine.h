#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/api/send/api_options.h"
#include "daemon/api/send/content_opener.h"
#include "daemon/api/send/dispatcher.h"
#include "daemon/api/send/upload_table.h"
#include "daemon/api/wire/error.h"
#include "daemon/http/client/http_client.h"
#include "reconciler/ports/content_source.h"
#include "reconciler/ports/session_api.h"

namespace sessync::api {

/// One call of the API. `operation` is a literal: a label for messages and metrics.
struct ApiCall {
  std::string_view operation;
  http::HttpRequest::Method method = http::HttpRequest::Method::kGet;
  std::string target;  ///< path and query, from /v1
  ports::Secret body;  ///< JSON; may carry tokens
  Lane lane = Lane::kReads;
  bool managed_agents_beta = true;
  std::size_t max_answer_bytes = std::size_t{1} << 20;
  std::optional<ports::UploadRequest> upload;
  /// Of an upload: receives how many bytes it is, once that is known.
  std::shared_ptr<std::uint64_t> upload_size;
  std::shared_ptr<ports::ContentSink> sink;  ///< of a download
  std::optional<ports::Duration> patience;   ///< see HttpRequest
  std::shared_ptr<CallOrigin> origin;        ///< see Ticket
  bool completes = false;                    ///< see Turn

  [[nodiscard]] CallEffect effect() const {
    return method == http::HttpRequest::Method::kGet ? CallEffect::kRead : CallEffect::kWrite;
  }
  [[nodiscard]] bool is_transfer() const { return upload || sink; }
};

/// What one finished request was, for metrics.
struct RequestReport {
  std::string_view operation;
  schedule::RateClass rate_class = schedule::RateClass::kReads;
  int http_status = 0;  ///< 0: no answer
  ports::Duration duration{};
  ports::Duration waited{};  ///< unsent, for a permit or a connection
  ports::Duration
      throttled{};  ///< calls of the class were held up by its budget, since the last report
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
};

/// All are called on the API thread and may be empty.
struct ApiHooks {
  UploadHooks uploads;
  std::function<void(const RequestReport&)> finished;
  /// The API refused a call of the class by its rate: until then none is sent.
  std::function<void(schedule::RateClass, ports::TimePoint until)> frozen;
};

/// Everything that the API thread does: budgets, connections, credentials, uploads under way.
/// Belongs to that thread, except wake() and the budgets. Completions run inside step(), or inside
/// abort_uploads() and shut(); upload() and submit() may complete at once.
///
/// Every call is completed once, whatever is thrown while it is begun, or its answer handled:
/// kNotSent if it was surely not sent, else kUnknownOutcome. Only what throws out of submit() or
/// upload() itself was not taken, and is not completed.
class RequestEngine {
 public:
  RequestEngine(ApiOptions options, ports::ContentSource& source, ApiHooks hooks);

  /// Completes with a 2xx answer or an error.
  void submit(ApiCall call, ports::Completion<http::HttpAnswer> done);
  void upload(ports::UploadRequest request, std::shared_ptr<CallOrigin> origin,
              ports::Completion<ports::FileMetadata> done);
  void reserve_writes(int permits, std::shared_ptr<CallOrigin> origin, std::function<void()> ready);

  /// What the origin says of itself has changed: calls that wait are looked at again.
  void review(const CallOrigin& origin) { dispatcher_.review(origin); }

  /// Any thread.
  [[nodiscard]] SharedBudget& budget(schedule::RateClass which) {
    return dispatcher_.budget(which);
  }
  [[nodiscard]] const SharedBudget& budget(schedule::RateClass which) const {
    return dispatcher_.budget(which);
  }

  /// Ends uploads and downloads that run or wait with kAborted, and from now on every new one.
  void abort_uploads();
  /// Ends everything, and from now on every call at once: what was sent with kAborted, what was not
  /// with kNotSent.
  void shut();

  /// Sends what may be sent, waits until something happens, completes what is finished.
  void step();
  void wake() { client_.wake(); }

 private:
  struct Pending;
  using PendingPtr = std::shared_ptr<Pending>;

  static void answer(Pending& pending, ports::Result<http::HttpAnswer> result);
  void release(Pending& pending);
  void abandon(Pending& pending) noexcept;
  void enqueue(const PendingPtr& pending, bool first);
  void take_opened(ContentOpener::Opened& opened);
  void admit(const PendingPtr& pending);
  void open_content(const PendingPtr& pending);
  void take_opened();
  void end_opening();
  void end_unsent(const PendingPtr& pending) const;
  [[nodiscard]] ports::Result<http::HttpUpload> make_upload(Pending& pending);
  [[nodiscard]] ports::Result<http::HttpRequest> make_request(Pending& pending);
  [[nodiscard]] ports::Result<ports::Secret> usable_key() const;
  void finish(const PendingPtr& pending, http::HttpOutcome outcome);
  void report(const Pending& pending, const http::HttpOutcome& outcome);
  void pace(const Pending& pending, const ports::Result<http::HttpAnswer>& result);
  void note_refusal(const Pending& pending, const ports::ApiError& error, ports::TimePoint now);
  bool has_new_key(const Pending& pending);
  [[nodiscard]] ports::Result<http::HttpAnswer> judge(const Pending& pending,
                                                      http::HttpOutcome outcome) const;
  void start_upload(const ports::UploadRequest& request, std::shared_ptr<CallOrigin> origin,
                    ports::Completion<ports::FileMetadata> done);
  [[nodiscard]] static Ticket ticket_of(const ApiCall& call);
  void abort_running(bool transfers_only);

  ApiOptions options_;
  std::string host_;
  ports::ContentSource& source_;
  ApiHooks hooks_;
  bool transfers_stopped_ = false;
  bool shut_ = false;
  UploadTable uploads_;
  std::map<std::uint64_t, Pending*> running_;  ///< kept by the client
  Dispatcher dispatcher_;  ///< this and the rest hold calls, which use what is above when they go
  http::HttpClient client_;
  std::map<std::uint64_t, PendingPtr> opening_;
  std::uint64_t last_opening_ = 0;
  ContentOpener opener_;  ///< last: it wakes the client
};

}  // namespace sessync::api
