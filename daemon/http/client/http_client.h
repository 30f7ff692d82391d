#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "daemon/http/client/http_message.h"

/// HTTP/1.1 over one libcurl multi handle. Knows nothing of the API.
namespace sessync::http {

/// Belongs to one thread, except wake(). One start() is at most one request seen by a server when
/// it is a POST or a DELETE: libcurl's own repetition after a dead connection is refused.
/// No redirect is followed. Proxies and CA certificates are configured by the environment variables
/// that the curl tool reads; a plain http URL never goes through a proxy.
class HttpClient {
 public:
  using Limits = HttpLimits;
  using Done = std::function<void(HttpOutcome)>;

  explicit HttpClient(const Limits& limits);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  /// Requests under way end without their Done.
  ~HttpClient();

  /// `done` runs inside a later run(). If this throws, nothing is sent. What is thrown inside of
  /// run() may take a request that was sent with it: then its `done` is destroyed.
  std::uint64_t start(HttpRequest request, Done done);
  /// Ends a request; its Done runs with kAborted inside the next run(). Unknown ids are ignored.
  void abort(std::uint64_t id);
  /// Moves data and runs what is finished. Returns at the latest after `max_wait`.
  void run(ports::Duration max_wait);
  /// Makes a run() that waits, or else the next one, return at once. Any thread.
  void wake();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sessync::http
