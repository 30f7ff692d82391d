#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/api/options.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/content_sink.h"
#include "reconciler/ports/content_source.h"

/// HTTP/1.1 over one libcurl multi handle. Knows nothing of the API.
namespace sessync {

/// A multipart/form-data body of one part, `file`.
struct HttpUpload {
  std::string filename;
  std::unique_ptr<ContentReader> reader;  ///< knows how many bytes there are
};

struct HttpRequest {
  enum class Method { kGet, kPost, kDelete };
  Method method = Method::kGet;
  std::string url;
  std::vector<HttpHeader> headers;
  Secret body;  ///< of a POST without upload
  std::optional<HttpUpload> upload;
  /// Takes the body of an answer 200, however long it is; any other answer is kept.
  std::shared_ptr<ContentSink> sink;
  std::size_t max_answer_bytes = std::size_t{1} << 20;
  /// How long the answer may take once there is a connection, without any progress meanwhile; none:
  /// the client's limits.
  std::optional<Duration> patience;
};

struct HttpAnswer {
  int status = 0;                                           ///< 0: no status line arrived
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;
};

/// Why there is no complete answer.
struct HttpFailure {
  enum class Kind {
    kNotSent,    ///< surely without effect: no connection, or a body that was not sent to its end
    kNoAnswer,   ///< sent; the answer did not come, or not all of it
    kUnbounded,  ///< sent; the answer is longer than allowed
    kSource,     ///< the reader of an upload failed; the request was abandoned unfinished
    kSink,       ///< the sink of a download failed; the answer was abandoned unfinished
    kAborted,    ///< abort() was called
  };
  Kind kind = Kind::kNoAnswer;
  std::string message;
};

struct HttpOutcome {
  HttpAnswer answer;
  std::optional<HttpFailure> failure;
  std::optional<ApiError> source_error;  ///< with kSource
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  Duration duration{};
};

/// Belongs to one thread, except wake(). One start() is at most one request seen by a server when
/// it is a POST or a DELETE: libcurl's own repetition after a dead connection is refused.
/// No redirect is followed. Proxies and CA certificates are configured by the environment variables
/// that the curl tool reads; a plain http URL never goes through a proxy.
class HttpClient {
 public:
  struct Limits {
    int connections = 32;
    Duration no_progress = std::chrono::seconds(60);
    /// From the start; of an upload from the last byte sent, of a download from the last received.
    Duration answer = std::chrono::seconds(600);
  };
  using Done = std::function<void(HttpOutcome)>;

  explicit HttpClient(const Limits& limits);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  /// Requests under way end without their Done.
  ~HttpClient();

  /// `done` runs inside a later run().
  std::uint64_t start(HttpRequest request, Done done);
  /// Ends a request; its Done runs with kAborted inside the next run(). Unknown ids are ignored.
  void abort(std::uint64_t id);
  /// Moves data and runs what is finished. Returns at the latest after `max_wait`.
  void run(Duration max_wait);
  /// Makes a run() that waits, or else the next one, return at once. Any thread.
  void wake();

  [[nodiscard]] std::size_t in_flight() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sessync
