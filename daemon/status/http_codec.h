#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/status/http_message.h"

namespace sessync {

/// How long a connection may stay open between two requests.
inline constexpr std::chrono::seconds kKeptAliveFor{75};

/// Whether the bytes that arrived so far are a request.
struct RequestExtent {
  enum class State {
    kPartial,  ///< more is to come
    kWhole,
    kRefused,  ///< never will be one that we take: `status` says why
  };
  State state = State::kPartial;
  std::size_t head = 0;  ///< bytes of request line and headers
  std::size_t body = 0;
  int status = 400;
};

/// Limits: 16 KiB of head, 16 KiB of body, no transfer coding.
RequestExtent request_extent(std::string_view bytes);

/// An answer as it is sent: head, then (unless it was asked for with HEAD) the body.
struct StatusAnswer {
  std::string head;
  std::shared_ptr<const std::string> body;
  bool close = true;  ///< nothing more is read from this connection
  std::optional<std::uint64_t> follows;
};

/// Turns requests into answers: httplib's parser and writer over memory. One thread at a time.
class HttpCodec {
 public:
  explicit HttpCodec(HttpHandler handler);
  ~HttpCodec();
  HttpCodec(const HttpCodec&) = delete;
  HttpCodec& operator=(const HttpCodec&) = delete;

  /// `request` is whole. `last`: the connection closes afterwards whatever the client wishes.
  StatusAnswer answer(const std::string& request, const HttpPeer& peer, bool last);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// An answer to what is no request, or cannot be taken.
StatusAnswer refusal_answer(int status, const std::string& message);

/// As Content-Encoding: gzip has it.
std::string gzipped(const std::string& text);

/// The document of an error: {"error": {"code": …, "message": …}}.
std::string error_document(const std::string& code, const std::string& message);

}  // namespace sessync
