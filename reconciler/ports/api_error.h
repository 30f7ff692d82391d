#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

namespace sessync::ports {

/// Wall-clock time that never runs backwards within a process: the shell anchors a steady clock to
/// the wall clock once at start, so that ages within a process survive clock jumps and stored times
/// still compare across restarts.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

/// Why a call of the API failed, in the terms that a decision needs; the transport's own words are
/// in `message`.
struct ApiError {
  enum class Kind {
    kInvalid,         ///< 400 and other 4xx not named below: refused, no effect
    kAuthentication,  ///< 401: refused, no effect
    kBilling,         ///< 402, or the account is full or on hold: refused, no effect
    kPermission,      ///< 403: refused, no effect
    kNotFound,        ///< 404: refused, no effect
    kConflict,        ///< 409: refused, no effect
    kTooLarge,        ///< 413: refused, no effect
    kRateLimited,     ///< 429: refused, no effect
    kNotSent,         ///< never reached the server (no connection): no effect
    kUnknownOutcome,  ///< sent, no usable answer (timeout, reset, 5xx, 2xx that cannot be read)
    kUnusableAnswer,  ///< a read was answered with something that is not what was asked for
    kSourceChanged,   ///< an upload's content is no longer what was planned: aborted, no effect
    kNotStored,       ///< a download arrived, but could not be written here
    kAborted,         ///< stopped by us before it was finished; an upload may be left over, no more
  };
  Kind kind = Kind::kInvalid;
  int http_status = 0;     ///< 0: no answer
  std::string request_id;  ///< of the answer, for support; "" without one
  std::string code;        ///< error.type, or error.details.error_code where there is one
  std::string message;     ///< safe to print: carries no credential
  std::optional<Duration> retry_after;  ///< as the server said it, plausible or not
  std::string organization_id;  ///< of the answering credential; "" if the answer did not say
};

template <class T>
using Result = tl::expected<T, ApiError>;

/// Receives the outcome of one submitted call, on the thread that pumps the loop.
template <class T>
using Completion = std::function<void(Result<T>)>;

struct Done {};

/// One error, in words that fit behind "mount path: ".
std::string describe(const ApiError& error);

/// The server may or may not have carried the call out.
inline bool is_unknown_outcome(const ApiError& error) {
  return error.kind == ApiError::Kind::kUnknownOutcome || error.kind == ApiError::Kind::kAborted;
}

}  // namespace sessync::ports
