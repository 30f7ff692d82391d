#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A small HTTP/1 server: strict in what it takes, so that no two parsers can see two requests in
/// the same bytes, and bounded in what a client can cost. It knows nothing of what it serves.
namespace sessync::http {

/// Names and values in the order of the message; names may repeat, in any case.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// By which door a request came in.
enum class Way {
  kNetwork,   ///< an address that other machines reach
  kLoopback,  ///< one that this machine reaches
  kLocal,     ///< a Unix socket
};

/// Whom a request came from.
struct Peer {
  std::string address;  ///< numeric; "unix" for a Unix socket; "" if unknown
  std::string channel;  ///< see channel_of()
  Way way = Way::kNetwork;
  std::optional<unsigned> uid{};  ///< the user, where the kernel says so: for a Unix socket
};

/// One whole request, as it was parsed.
struct Request {
  std::string method;
  std::string path;  ///< begins with a slash, percent-decoded, without the query; holds no NUL
  Headers headers;
  std::string body;
  Peer peer;

  /// The values of a header, as often as it was sent.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// Its only or first value; "" if it was not sent.
  [[nodiscard]] std::string first(std::string_view name) const;
};

/// What is said to it. The body is shared: a thousand answers are one text.
struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::shared_ptr<const std::string> body;
  Headers headers;
  /// The connection stays open and takes what is published from now on, unless it is of this
  /// revision or an older one; `body` comes first.
  std::optional<std::uint64_t> follows;
};

using Handler = std::function<Reply(const Request&)>;

/// ASCII letters in any case are the same.
bool same_name(std::string_view left, std::string_view right);

}  // namespace sessync::http
