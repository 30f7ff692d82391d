#include "daemon/api/send/request_engine.h"

#include <algorithm>
#include <utility>

#include "daemon/api/send/lost_call.h"
#include "daemon/api/send/request_headers.h"
#include "daemon/api/wire/answer_match.h"
#include "daemon/api/wire/wire.h"
#include "daemon/http/client/base_url.h"
#include "daemon/http/client/header.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/live_secrets.h"
#include "daemon/os/pulse.h"
#include "daemon/os/thread.h"

namespace sessync::api {
namespace {

constexpr ports::Duration kLongestSleep = os::kLongestTurn;
constexpr std::size_t kShortestCredential = 8;  // shorter values are words, not secrets
constexpr int kAnswerTimeouts = 10;  // a read that trickles on may take so many request timeouts

http::HttpClient::Limits limits_of(const ApiOptions& options) {
  return {options.parallel, options.request_timeout, options.request_timeout * kAnswerTimeouts};
}

ports::ApiError local_error(ports::ApiError::Kind kind, std::string message) {
  ports::ApiError error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

/// An archive is packed when it is opened.
bool takes_long_to_open(const ApiCall& call) {
  return call.upload && call.upload->content.archive != nullptr;
}

bool is_authentication(const ports::Result<http::HttpAnswer>& result) {
  return !result && result.error().http_status == 401;
}

}  // namespace

/// A call between submit() and its answer. Whoever is to go on with it holds it; when nobody does
/// any more, because something was thrown, it answers for itself.
struct RequestEngine::Pending {
  explicit Pending(RequestEngine& engine) : engine_of_it(engine) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() { engine_of_it.abandon(*this); }

  RequestEngine& engine_of_it;
  ApiCall call;
  ports::Completion<http::HttpAnswer> done;
  ports::TimePoint queued_at;
  ports::TimePoint sent_at;
  std::uint64_t request_id = 0;
  ports::Secret key;
  std::unique_ptr<ports::ContentReader>
      reader;  ///< of an upload whose content was opened beforehand
  bool repeated = false;
  bool admitted = false;  ///< it holds a connection of the dispatcher
  bool sent = false;      ///< or on its way
};

RequestEngine::RequestEngine(ApiOptions options, ports::ContentSource& source, ApiHooks hooks)
    : options_(std::move(options)),
      host_(http::host_of(options_.base_url)),
      source_(source),
      hooks_(std::move(hooks)),
      uploads_(hooks_.uploads,
               [this](const ports::UploadRequest& request, std::shared_ptr<CallOrigin> origin,
                      ports::Completion<ports::FileMetadata> done) {
                 start_upload(request, std::move(origin), std::move(done));
               }),
      dispatcher_(options_.parallel, options_.max_rates),
      client_(limits_of(options_)),
      opener_(source, [this] { client_.wake(); }) {
  for (const http::HttpHeader& header : options_.custom_headers) {
    if (header.value.reveal().size() < kShortestCredential) continue;
    os::live_secrets().add(header.value, os::LiveSecrets::Life::kProcess);
  }
}

void RequestEngine::submit(ApiCall call, ports::Completion<http::HttpAnswer> done) {
  auto pending = std::make_shared<Pending>(*this);
  pending->call = std::move(call);
  pending->done = std::move(done);
  pending->queued_at = os::now_anchored();
  os::guarded("a call of the API", [&] { enqueue(pending, false); });
}

void RequestEngine::answer(Pending& pending, ports::Result<http::HttpAnswer> result) {
  const auto done = std::exchange(pending.done, nullptr);
  if (done) done(std::move(result));
}

void RequestEngine::release(Pending& pending) {
  if (std::exchange(pending.admitted, false)) dispatcher_.finished(pending.call.lane);
}

void RequestEngine::abandon(Pending& pending) noexcept {
  running_.erase(pending.request_id);
  release(pending);
  const auto was_sent = pending.sent ? WasSent::kYes : WasSent::kNo;
  os::guarded("a call of the API", [&] {
    if (pending.done) answer(pending, tl::unexpected(lost_call(pending.call.operation, was_sent)));
  });
}

Ticket RequestEngine::ticket_of(const ApiCall& call) {
  Ticket ticket;
  ticket.lane = call.lane;
  ticket.permits = ticket.lane == Lane::kReservedWrites ? 0 : 1;
  ticket.origin = call.origin;
  ticket.completes = call.completes;
  return ticket;
}

void RequestEngine::enqueue(const PendingPtr& pending, bool first) {
  Ticket ticket = ticket_of(pending->call);
  ticket.go = [this, pending](bool admitted) {
    os::guarded("a call of the API", [&] { admitted ? admit(pending) : end_unsent(pending); });
  };
  if (shut_ || (transfers_stopped_ && pending->call.is_transfer())) return end_unsent(pending);
  if (takes_long_to_open(pending->call) && !pending->reader) return open_content(pending);
  first ? dispatcher_.enqueue_first(std::move(ticket)) : dispatcher_.enqueue(std::move(ticket));
}

/// Before it waits for a connection: it would hold one meanwhile.
void RequestEngine::open_content(const PendingPtr& pending) {
  const auto place = opening_.emplace(++last_opening_, pending).first;
  bool refused = false;
  const bool ran = os::guarded("a call of the API", [&] {
    refused = !opener_.open(place->first, pending->call.upload->content);
  });
  if (ran && !refused) return;
  opening_.erase(place);
  if (!refused) return;
  answer(*pending, tl::unexpected(local_error(ports::ApiError::Kind::kNotSent,
                                              std::string(pending->call.operation) +
                                                  ": not sent, because too many archives wait to "
                                                  "be packed already")));
}

void RequestEngine::take_opened() {
  for (ContentOpener::Opened& opened : opener_.take()) {
    os::guarded("a call of the API", [&] { take_opened(opened); });
  }
}

void RequestEngine::take_opened(ContentOpener::Opened& opened) {
  const auto found = opening_.find(opened.id);
  if (found == opening_.end()) return;
  const PendingPtr pending = std::move(found->second);
  opening_.erase(found);
  if (!opened.reader) return answer(*pending, tl::unexpected(std::move(opened.reader.error())));
  pending->reader = std::move(*opened.reader);
  enqueue(pending, pending->repeated);
}

void RequestEngine::end_opening() {
  opener_.stop();
  for (const auto& [id, pending] : std::exchange(opening_, {})) end_unsent(pending);
}

void RequestEngine::end_unsent(const PendingPtr& pending) const {
  const bool stopped = shut_ || (transfers_stopped_ && pending->call.is_transfer());
  const bool aborted = stopped && pending->call.is_transfer();
  const auto kind = aborted ? ports::ApiError::Kind::kAborted : ports::ApiError::Kind::kNotSent;
  const char* const why = stopped ? ": not sent, because sessync is stopping"
                                  : ": not sent, because nothing more is begun in this session "
                                    "as it was declared";
  answer(*pending, tl::unexpected(local_error(kind, std::string(pending->call.operation) + why)));
}

void RequestEngine::admit(const PendingPtr& pending) {
  pending->admitted = true;
  // The last moment: what is in force may have changed while it waited.
  if (ticket_of(pending->call).is_withheld()) {
    release(*pending);
    return end_unsent(pending);
  }
  auto request = make_request(*pending);
  if (!request) {
    release(*pending);
    return answer(*pending, tl::unexpected(std::move(request.error())));
  }
  pending->sent_at = os::now_anchored();
  pending->request_id = client_.start(
      std::move(*request),
      [this, pending](http::HttpOutcome outcome) { finish(pending, std::move(outcome)); });
  pending->sent = true;
  running_.emplace(pending->request_id, pending.get());
}

ports::Result<ports::Secret> RequestEngine::usable_key() const {
  ports::Secret key = options_.key.current ? options_.key.current() : ports::Secret();
  if (key.empty() || !http::is_header_value(key.reveal())) {
    const char* const problem = key.empty() ? "there is none" : "it contains control characters";
    return tl::unexpected(local_error(ports::ApiError::Kind::kAuthentication,
                                      std::string("the API key cannot be used: ") + problem +
                                          ". Set ANTHROPIC_API_KEY or check the API key file"));
  }
  return key;
}

ports::Result<http::HttpRequest> RequestEngine::make_request(Pending& pending) {
  auto key = usable_key();
  if (!key) return tl::unexpected(std::move(key.error()));
  pending.key = std::move(*key);
  os::live_secrets().add(pending.key, os::LiveSecrets::Life::kUse);
  const ApiCall& call = pending.call;
  http::HttpRequest request;
  request.method = call.method;
  request.url = options_.base_url + call.target;
  request.headers = request_headers(
      options_, pending.key, {call.managed_agents_beta, !call.body.empty(), call.sink != nullptr});
  request.body = call.body;
  request.sink = call.sink;
  request.max_answer_bytes = call.max_answer_bytes;
  request.patience = call.patience;
  if (call.upload) {
    auto upload = make_upload(pending);
    if (!upload) return tl::unexpected(std::move(upload.error()));
    request.upload = std::move(*upload);
  }
  return request;
}

ports::Result<http::HttpUpload> RequestEngine::make_upload(Pending& pending) {
  const ports::UploadRequest& request = *pending.call.upload;
  auto reader = pending.reader ? std::move(pending.reader) : source_.open(request.content);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  *pending.call.upload_size = (*reader)->size();
  return http::HttpUpload{request.filename, std::move(*reader)};
}

void RequestEngine::finish(const PendingPtr& pending, http::HttpOutcome outcome) {
  running_.erase(pending->request_id);
  release(*pending);
  os::guarded("counting a call of the API", [&] { report(*pending, outcome); });
  auto result = judge(*pending, std::move(outcome));
  pace(*pending, result);
  // A 401 had no effect, so the call may be made again.
  if (is_authentication(result) && !pending->repeated && has_new_key(*pending)) {
    pending->repeated = true;
    pending->sent = false;
    enqueue(pending, true);
    return;
  }
  answer(*pending, std::move(result));
}

void RequestEngine::report(const Pending& pending, const http::HttpOutcome& outcome) {
  if (!hooks_.finished) return;
  RequestReport report;
  report.operation = pending.call.operation;
  report.rate_class = class_of(pending.call.lane);
  report.http_status = outcome.answer.status;
  report.duration = outcome.duration;
  report.waited = pending.sent_at - pending.queued_at;
  report.throttled = budget(report.rate_class).take_throttled();
  report.sent_bytes = outcome.sent_bytes;
  report.received_bytes = outcome.received_bytes;
  hooks_.finished(report);
}

ports::Result<http::HttpAnswer> RequestEngine::judge(const Pending& pending,
                                                     http::HttpOutcome outcome) const {
  if (is_success(outcome)) return std::move(outcome.answer);
  const CallContext context{pending.call.operation, pending.call.effect(), host_};
  ports::ApiError error = to_error(outcome, context, os::now_anchored());
  if (error.http_status == 401) {
    error.message += options_.auth_style == AuthStyle::kApiKey
                         ? ". The key was sent as x-api-key"
                         : ". The key was sent as Authorization: Bearer";
  }
  return tl::unexpected(std::move(error));
}

void RequestEngine::pace(const Pending& pending, const ports::Result<http::HttpAnswer>& result) {
  const ports::TimePoint now = os::now_anchored();
  const bool limited = !result && result.error().kind == ports::ApiError::Kind::kRateLimited;
  if (limited) return note_refusal(pending, result.error(), now);
  if (result || result.error().http_status != 0) {
    budget(class_of(pending.call.lane)).accepted(now);
  }
}

void RequestEngine::note_refusal(const Pending& pending, const ports::ApiError& error,
                                 ports::TimePoint now) {
  if (pending.call.origin) pending.call.origin->hurried = false;
  const schedule::RateClass which = class_of(pending.call.lane);
  budget(which).refused(pending.sent_at, now, refusal_of(error));
  if (hooks_.frozen) hooks_.frozen(which, budget(which).frozen_until());
}

bool RequestEngine::has_new_key(const Pending& pending) {
  if (!options_.key.current) return false;
  // Another call may have refreshed it already.
  if (!(options_.key.current() == pending.key)) return true;
  if (options_.key.refresh) options_.key.refresh();
  return !(options_.key.current() == pending.key);
}

void RequestEngine::upload(ports::UploadRequest request, std::shared_ptr<CallOrigin> origin,
                           ports::Completion<ports::FileMetadata> done) {
  uploads_.ask(std::move(request), std::move(origin), std::move(done));
}

void RequestEngine::start_upload(const ports::UploadRequest& request,
                                 std::shared_ptr<CallOrigin> origin,
                                 ports::Completion<ports::FileMetadata> done) {
  ApiCall call;
  call.operation = "upload";
  call.method = http::HttpRequest::Method::kPost;
  call.target = "/v1/files";
  call.lane = Lane::kUploads;
  call.managed_agents_beta = false;
  call.upload = request;
  call.origin = std::move(origin);
  call.upload_size = std::make_shared<std::uint64_t>(0);
  const auto read_answer = [this, size = call.upload_size, name = request.filename,
                            done = std::move(done)](ports::Result<http::HttpAnswer> answer) {
    if (!answer) return done(tl::unexpected(std::move(answer.error())));
    auto file = parse_file(answer->body);
    const std::string problem = file ? problem_of_upload(*file, name, *size) : file.error();
    if (problem.empty()) return done(std::move(*file));
    const CallContext context{"upload", CallEffect::kWrite, host_};
    done(tl::unexpected(unusable_answer(*answer, context, problem)));
  };
  submit(std::move(call), read_answer);
}

void RequestEngine::reserve_writes(int permits, std::shared_ptr<CallOrigin> origin,
                                   std::function<void()> ready) {
  if (shut_) return ready();
  Ticket ticket;
  ticket.lane = Lane::kWrites;
  ticket.permits = permits;
  ticket.connection = false;
  ticket.origin = std::move(origin);
  ticket.go = [ready = std::move(ready)](bool /*admitted*/) { ready(); };
  dispatcher_.enqueue(std::move(ticket));
}

void RequestEngine::abort_running(bool transfers_only) {
  for (const auto& [id, pending] : running_) {
    if (!transfers_only || pending->call.is_transfer()) client_.abort(id);
  }
}

void RequestEngine::abort_uploads() {
  transfers_stopped_ = true;
  end_opening();
  dispatcher_.drop(Lane::kUploads);
  dispatcher_.drop(Lane::kDownloads);
  abort_running(true);
}

void RequestEngine::shut() {
  transfers_stopped_ = shut_ = true;
  end_opening();
  for (std::size_t lane = 0; lane < kLanes; ++lane) dispatcher_.drop(static_cast<Lane>(lane));
  abort_running(false);
  client_.run(ports::Duration::zero());
}

void RequestEngine::step() {
  take_opened();
  dispatcher_.run(os::now_anchored());
  const ports::TimePoint now = os::now_anchored();
  const ports::TimePoint wake_at = dispatcher_.wake_at(now).value_or(now + kLongestSleep);
  client_.run(std::clamp(wake_at - now, ports::Duration::zero(), kLongestSleep));
}

}  // namespace sessync::api
