#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/http/client/header.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/content_sink.h"
#include "reconciler/ports/content_source.h"

/// What goes out and what comes back.
namespace sessync::http {

/// A multipart/form-data body of one part, `file`.
struct HttpUpload {
  std::string filename;
  std::unique_ptr<ports::ContentReader> reader;  ///< knows how many bytes there are
};

struct HttpRequest {
  enum class Method { kGet, kPost, kDelete };
  Method method = Method::kGet;
  std::string url;
  std::vector<HttpHeader> headers;
  ports::Secret body;  ///< of a POST without upload
  std::optional<HttpUpload> upload;
  /// Takes the body of an answer 200, however long it is; any other answer is kept.
  std::shared_ptr<ports::ContentSink> sink;
  std::size_t max_answer_bytes = std::size_t{1} << 20;
  /// How long the answer may take once there is a connection, without any progress meanwhile; none:
  /// the client's limits.
  std::optional<ports::Duration> patience;
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
  std::optional<ports::ApiError> source_error;  ///< with kSource
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  ports::Duration duration{};
};

struct HttpLimits {
  int connections = 32;
  ports::Duration no_progress = std::chrono::seconds(60);
  /// From the start; of an upload from the last byte sent, of a download from the last received.
  ports::Duration answer = std::chrono::seconds(600);
  /// Of a download, over each span of no_progress: one that drips holds a connection for ever.
  std::uint64_t least_bytes_a_second = 1000;
};

}  // namespace sessync::http
