#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <variant>

#include "daemon/http/server/message.h"

namespace sessync::http {

/// Bytes of request line and headers that are taken; more are answered with 431.
inline constexpr std::size_t kMostHead = 16UL << 10;
/// Bytes of a body that are taken where nothing else is said; more are answered with 413.
inline constexpr std::size_t kMostBody = 16UL << 10;

/// How many bytes of body a path takes; the path as in Request.
using BodyLimit = std::function<std::size_t(std::string_view path)>;

/// More is to come.
struct Incomplete {
  std::size_t whole = 0;  ///< bytes of the whole request; 0: not known yet
};
/// Never will be a request that is taken. Nothing after it can be trusted to be one either.
struct Refused {
  int status = 400;  ///< 400, 411, 413, 431 or 505
};
struct Parsed {
  Request request;       ///< without its peer
  std::size_t size = 0;  ///< bytes that it took
  bool keeps = false;    ///< the client may send another one on this connection
};
using ParseResult = std::variant<Incomplete, Refused, Parsed>;

/// The request that `bytes` begin with. Refused is whatever RFC 9112 lets parsers disagree about:
/// bare CR or LF, NUL and other control characters, folded lines, blanks around a name, a header
/// without a colon, a Content-Length that is doubled, signed or a list, any Transfer-Encoding, and
/// targets that are no path.
ParseResult parse_request(std::string_view bytes, const BodyLimit& limit);

}  // namespace sessync::http
