#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/server/message.h"

namespace sessync::http {

/// An answer as it is sent: head, then (unless it was asked for with HEAD) the body.
struct Answer {
  std::string head;
  std::shared_ptr<const std::string> body;
  bool close = true;  ///< nothing more is read from this connection
  std::optional<std::uint64_t> follows;
};

/// `close`: the connection ends whatever comes.
Answer answer_to(const Request& request, Reply reply, bool close);

/// An answer to what is no request, or cannot be taken: a JSON document with this message, which is
/// plain ASCII without quotes.
Answer refusal(int status, std::string_view message);

/// As Content-Encoding: gzip has it.
std::string gzipped(const std::string& text);

}  // namespace sessync::http
