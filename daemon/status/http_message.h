#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessync {

/// Whom a request came from.
struct HttpPeer {
  std::string address;
  std::string channel;  ///< see channel_of()
};

/// One whole request, as it was parsed.
struct StatusRequest {
  std::string method;
  std::string path;  ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  HttpPeer peer;

  /// The values of a header, in any case, as often as it was sent.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// Its only or first value; "" if it was not sent.
  [[nodiscard]] std::string first(std::string_view name) const;
};

/// What is said to it. The body is shared: a thousand answers are one text.
struct HttpReply {
  int status = 200;
  std::string type = "application/json";
  std::shared_ptr<const std::string> body;
  std::vector<std::pair<std::string, std::string>> headers;
  /// The connection stays open and takes what is published from now on, unless it is of this
  /// revision or an older one; `body` comes first.
  std::optional<std::uint64_t> follows;
};

using HttpHandler = std::function<HttpReply(const StatusRequest&)>;

}  // namespace sessync
