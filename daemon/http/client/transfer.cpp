#include "daemon/http/client/transfer.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is not in <cstring>
#include <sys/socket.h>

#include "daemon/http/client/header_text.h"
#include "daemon/http/client/proxy.h"
#include "daemon/os/completion_queue.h"
#include "daemon/os/foreign_text.h"

namespace sessync::http {
namespace {

constexpr std::size_t kMostHeaderBytes = std::size_t{256} << 10;
constexpr long kUploadBuffer = 128L << 10;
constexpr long kDownloadBuffer = 128L << 10;
// Bytes waiting in the kernel look sent. A small bound keeps "no progress" honest on slow links.
constexpr int kUnsentInKernel = 256 << 10;

std::uint64_t get_size(CURL* easy, CURLINFO info) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

std::uint64_t get_long(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

/// False: out of memory; the list stays as it was.
bool append_line(void*& list, const char* line) {
  auto* const longer = curl_slist_append(static_cast<curl_slist*>(list), line);
  list = longer == nullptr ? list : longer;
  return longer != nullptr;
}

void free_headers(void* list) {
  auto* const head = static_cast<curl_slist*>(list);
  for (auto* node = head; node != nullptr; node = node->next) {
    explicit_bzero(node->data, std::string_view(node->data).size());
  }
  curl_slist_free_all(head);
}

int limit_unsent(void* /*client*/, curl_socket_t socket, curlsocktype /*purpose*/) noexcept {
  setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentInKernel, sizeof kUnsentInKernel);
  return CURL_SOCKOPT_OK;
}

}  // namespace

/// What libcurl calls. None may throw through C: out of memory ends the process.
struct Transfer::Callbacks {
  /// Called once a connection is there, before anything is sent on it. A second call means that
  /// libcurl is about to repeat the request, because a kept connection died before the answer; the
  /// server may have acted on the first. Only if nothing was sent it is the first try still.
  static int before_request(void* client, char* /*remote_ip*/, char* /*local_ip*/, int /*remote*/,
                            int /*local*/) noexcept {
    auto& self = *static_cast<Transfer*>(client);
    const bool again = self.connected_ && get_long(self.easy_, CURLINFO_REQUEST_SIZE) > 0;
    self.connected_ = true;
    if (!again || self.request_.method == HttpRequest::Method::kGet) return CURL_PREREQFUNC_OK;
    self.replay_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }

  static std::size_t header(const char* data, std::size_t size, std::size_t count,
                            void* client) noexcept {
    auto& self = *static_cast<Transfer*>(client);
    const std::string_view line(data, size * count);
    self.header_bytes_ += line.size();
    if (self.header_bytes_ > kMostHeaderBytes) {
      self.answer_too_long_ = true;
      return 0;
    }
    // Another status line: what came before was a 1xx, or an attempt that libcurl repeated.
    if (line.starts_with("HTTP/")) self.answer_.headers.clear();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || line.starts_with("HTTP/")) return line.size();
    self.answer_.headers.emplace(lower_case(without_blanks(line.substr(0, colon))),
                                 without_blanks(line.substr(colon + 1)));
    return line.size();
  }

  static std::size_t body(const char* data, std::size_t size, std::size_t count,
                          void* client) noexcept {
    auto& self = *static_cast<Transfer*>(client);
    const std::string_view bytes(data, size * count);
    if (self.is_encoded()) return 0;
    const bool content = self.request_.sink && get_long(self.easy_, CURLINFO_RESPONSE_CODE) == 200;
    return (content ? self.feed_sink(bytes) : self.take_answer(bytes)) ? bytes.size() : 0;
  }

  static std::size_t read(char* buffer, std::size_t size, std::size_t count,
                          void* client) noexcept {
    auto& self = *static_cast<Transfer*>(client);
    HttpUpload& upload = *self.request_.upload;
    if (self.uploaded_ == upload.reader->size()) return 0;
    const std::uint64_t missing = upload.reader->size() - self.uploaded_;
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(size * count, missing));
    auto got = upload.reader->read(std::span<char>(buffer, length));
    if (got && *got > 0) {
      self.uploaded_ += *got;
      return *got;
    }
    self.source_error_ = got ? ports::ApiError{.kind = ports::ApiError::Kind::kSourceChanged,
                                               .http_status = 0,
                                               .request_id = {},
                                               .code = {},
                                               .message = "the content is shorter than planned",
                                               .retry_after = {},
                                               .organization_id = {}}
                             : std::move(got.error());
    return CURL_READFUNC_ABORT;
  }
};

void Transfer::note(int code) { setup_ = setup_ == CURLE_OK ? code : setup_; }

template <class Value>
void Transfer::set(int option, Value value) {
  note(easy_ == nullptr ? CURLE_OUT_OF_MEMORY
                        : curl_easy_setopt(easy_, static_cast<CURLoption>(option), value));
}

std::string Transfer::problem() const {
  return setup_ == CURLE_OK
             ? ""
             : "the request could not be set up: " +
                   os::foreign_text(curl_easy_strerror(static_cast<CURLcode>(setup_)));
}

Transfer::Transfer(HttpRequest request, const HttpLimits& limits, const Certificates& certificates)
    : request_(std::move(request)),
      limits_(limits),
      easy_(curl_easy_init()),
      started_(os::now_anchored()),
      answer_due_from_(started_),
      progressed_at_(started_),
      span_began_(started_) {
  set_up_common(limits, certificates);
  set_up_callbacks();
  set_up_headers();
  set_up_method();
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_mime_free(static_cast<curl_mime*>(mime_));
  free_headers(header_list_);
}

void Transfer::set_up_common(const HttpLimits& limits, const Certificates& certificates) {
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_USERAGENT, "sessync/" SESSYNC_VERSION);
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  const long connect_ms = limits.no_progress.count();
  set(CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SOCKOPTFUNCTION, &limit_unsent);
  // Plain http is for loopback; a proxy from the environment would see the key.
  if (request_.url.starts_with("http://")) set(CURLOPT_NOPROXY, "*");
  if (!certificates.file.empty()) set(CURLOPT_CAINFO, certificates.file.c_str());
  if (!certificates.directory.empty()) set(CURLOPT_CAPATH, certificates.directory.c_str());
}

void Transfer::set_up_callbacks() {
  set(CURLOPT_PREREQFUNCTION, &Callbacks::before_request);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_HEADERFUNCTION, &Callbacks::header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Callbacks::body);
  set(CURLOPT_WRITEDATA, this);
  if (request_.sink) set(CURLOPT_BUFFERSIZE, kDownloadBuffer);
}

void Transfer::set_up_headers() {
  for (const HttpHeader& header : request_.headers) {
    add_header(header.name, header.value.reveal());
  }
  // Without this, large bodies wait up to a second for a 100 Continue that few servers send.
  if (!append_line(header_list_, "Expect:")) note(CURLE_OUT_OF_MEMORY);
  set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(header_list_));
}

/// curl's spelling of an empty value is a semicolon: "Name:" would remove the header.
void Transfer::add_header(std::string_view name, std::string_view value) {
  std::string line(name);
  line += value.empty() ? std::string_view(";") : std::string_view(": ");
  line += value;
  if (!append_line(header_list_, line.c_str())) note(CURLE_OUT_OF_MEMORY);
  ports::wipe(line);
}

void Transfer::set_up_method() {
  if (request_.method == HttpRequest::Method::kGet) {
    set(CURLOPT_HTTPGET, 1L);
  } else if (request_.method == HttpRequest::Method::kDelete) {
    set(CURLOPT_CUSTOMREQUEST, "DELETE");
  } else if (request_.upload) {
    set_up_upload();
  } else {
    set(CURLOPT_POST, 1L);
    const std::string& body = request_.body.reveal();
    set(CURLOPT_POSTFIELDS, body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
}

void Transfer::set_up_upload() {
  auto* const mime = easy_ == nullptr ? nullptr : curl_mime_init(easy_);
  mime_ = mime;
  auto* const part = mime == nullptr ? nullptr : curl_mime_addpart(mime);
  if (part == nullptr) return note(CURLE_OUT_OF_MEMORY);
  note(curl_mime_name(part, "file"));
  note(curl_mime_filename(part, request_.upload->filename.c_str()));
  note(curl_mime_type(part, "application/octet-stream"));
  // No seek callback: the content is read once, so libcurl has no way to send it again.
  note(curl_mime_data_cb(part, static_cast<curl_off_t>(request_.upload->reader->size()),
                         &Callbacks::read, nullptr, nullptr, this));
  set(CURLOPT_MIMEPOST, mime);
  set(CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
}

/// We ask for no compression, so what comes with one is not the content, and may unpack to any
/// size.
bool Transfer::is_encoded() const {
  const auto encoding = answer_.headers.find("content-encoding");
  return encoding != answer_.headers.end() && !encoding->second.empty() &&
         lower_case(encoding->second) != "identity";
}

bool Transfer::take_answer(std::string_view bytes) {
  const std::size_t room = request_.max_answer_bytes - answer_.body.size();
  answer_.body.append(bytes.substr(0, room));
  answer_too_long_ = bytes.size() > room;
  return !answer_too_long_;
}

bool Transfer::feed_sink(std::string_view bytes) {
  auto stored = request_.sink->write(bytes);
  if (!stored) {
    sink_error_ = std::move(stored.error());
    return false;
  }
  received_ += bytes.size();
  return true;
}

std::uint64_t Transfer::progress() const {
  return get_size(easy_, CURLINFO_SIZE_UPLOAD_T) + get_size(easy_, CURLINFO_SIZE_DOWNLOAD_T) +
         get_long(easy_, CURLINFO_REQUEST_SIZE) + header_bytes_ + (connected_ ? 1 : 0);
}

/// False while content still travels: that may take as long as it gets on.
bool Transfer::is_answer_due() const {
  if (request_.upload) return uploaded_ == request_.upload->reader->size();
  return received_ == 0;
}

/// The first span begins with the first byte.
bool Transfer::is_dripping(ports::TimePoint now) {
  if (!request_.sink || received_ == 0) {
    span_began_ = now;
    return false;
  }
  const auto span = now - span_began_;
  if (span < limits_.no_progress) return false;
  const auto least = limits_.least_bytes_a_second * static_cast<std::uint64_t>(span.count()) / 1000;
  const bool drips = received_ - received_before_span_ < least;
  span_began_ = now;
  received_before_span_ = received_;
  return drips;
}

bool Transfer::is_stuck(ports::TimePoint now) {
  if (is_dripping(now)) return true;
  const std::uint64_t progressed = progress();
  if (progressed != last_progress_) progressed_at_ = now;
  last_progress_ = progressed;
  if (!is_answer_due()) answer_due_from_ = now;
  const auto patience = connected_ ? request_.patience : std::nullopt;
  return now - progressed_at_ > patience.value_or(limits_.no_progress) ||
         now - answer_due_from_ > request_.patience.value_or(limits_.answer);
}

bool Transfer::is_unfinished() const {
  return request_.upload && uploaded_ < request_.upload->reader->size();
}

/// A success that cannot be one: not all of the content was there to judge.
bool Transfer::is_answered_early() const {
  return is_unfinished() && answer_.status >= 200 && answer_.status < 400;
}

bool Transfer::surely_without_effect() const {
  return !connected_ || is_unfinished() || get_long(easy_, CURLINFO_REQUEST_SIZE) == 0;
}

HttpFailure Transfer::failure_of(int code) const {
  using FailureKind = HttpFailure::Kind;
  if (source_error_) return {FailureKind::kSource, source_error_->message};
  if (sink_error_) return {FailureKind::kSink, *sink_error_};
  if (answer_too_long_) return {FailureKind::kUnbounded, "the answer is longer than allowed"};
  if (is_encoded()) {
    return {FailureKind::kNoAnswer, "the answer is compressed, which was not asked for"};
  }
  if (is_answered_early()) return {FailureKind::kNoAnswer, "the answer came before all was sent"};
  const FailureKind kind = surely_without_effect() ? FailureKind::kNotSent : FailureKind::kNoAnswer;
  if (replay_refused_) return {kind, "the connection was closed before an answer"};
  return {kind, words_of_curl(code)};
}

/// Of a proxy's URL that libcurl does not understand, its words may be any piece.
std::string Transfer::words_of_curl(int code) const {
  std::string words = os::foreign_text(curl_easy_strerror(static_cast<CURLcode>(code)));
  const bool proxied = request_.url.starts_with("https://");
  const auto proxy = proxied ? proxy_of_https() : std::nullopt;
  const auto problem = proxy ? problem_of_proxy(proxy->value) : "";
  if (!problem.empty()) return words + "; look at the proxy in " + proxy->name + ": " + problem;
  if (error_text_.front() != '\0') words += " (" + os::foreign_text(error_text_.data()) + ")";
  return words;
}

void Transfer::measure(HttpOutcome& outcome) const {
  outcome.sent_bytes =
      get_size(easy_, CURLINFO_SIZE_UPLOAD_T) + get_long(easy_, CURLINFO_REQUEST_SIZE);
  outcome.received_bytes = get_size(easy_, CURLINFO_SIZE_DOWNLOAD_T) + header_bytes_;
  outcome.duration = os::now_anchored() - started_;
}

HttpOutcome Transfer::finish(int code) {
  HttpOutcome outcome;
  measure(outcome);
  answer_.status = static_cast<int>(get_long(easy_, CURLINFO_RESPONSE_CODE));
  if (code != CURLE_OK || is_answered_early()) outcome.failure = failure_of(code);
  outcome.answer = std::move(answer_);
  outcome.source_error = std::move(source_error_);
  return outcome;
}

HttpOutcome Transfer::stop(HttpFailure::Kind kind, const std::string& message) {
  HttpOutcome outcome = finish(CURLE_OK);
  // It was answered, too early, and then nothing more was read.
  if (outcome.failure && kind == HttpFailure::Kind::kNoAnswer) return outcome;
  const bool unsent = kind == HttpFailure::Kind::kNoAnswer && surely_without_effect();
  outcome.failure = HttpFailure{unsent ? HttpFailure::Kind::kNotSent : kind, message};
  return outcome;
}

}  // namespace sessync::http
