// Any bytes as what a client sends to the status server. What is taken for a request is one to
// every parser: it takes the same in pieces as at once, holds no byte that could begin another
// line, and what follows it is not touched.

#include <algorithm>
#include <string>
#include <variant>

#include "daemon/http/server/reply_writer.h"
#include "daemon/http/server/request_parser.h"
#include "tests/fuzz/fuzz_input.h"

namespace sessync::fuzz {
namespace {

std::size_t limit(std::string_view path) { return path == "/large" ? 64 : 16; }

bool has_line_end(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void check_request(std::string_view bytes, const http::Parsed& parsed) {
  const auto& request = parsed.request;
  require(parsed.size <= bytes.size(), "a request is no longer than what arrived");
  require(request.path.starts_with('/'), "a path begins with a slash");
  require(request.path.find('\0') == std::string::npos, "a path holds no NUL");
  require(request.body.size() <= limit(request.path), "a body is no longer than its path takes");
  require(bytes.substr(0, parsed.size).ends_with(request.body), "a body is what was sent");
  for (const auto& [name, value] : request.headers) {
    require(!has_line_end(name) && !has_line_end(value), "a header is one line");
    require(name.find_first_of(" \t:") == std::string::npos, "a name is one word");
  }
  const auto answer = http::answer_to(request, {}, !parsed.keeps);
  require(answer.head.ends_with("\r\n\r\n"), "an answer has an end");
}

/// Shorter beginnings are never taken for another request, and never refused for what is taken
/// later.
void check_pieces(std::string_view bytes, const http::Parsed& parsed) {
  constexpr std::size_t kMostPieces = 512;  // each of them is parsed from its beginning
  for (std::size_t size = 0; size < std::min(parsed.size, kMostPieces); ++size) {
    const auto result = http::parse_request(bytes.substr(0, size), &limit);
    require(std::holds_alternative<http::Incomplete>(result), "a piece of a request is none");
  }
  const auto again = http::parse_request(bytes.substr(0, parsed.size), &limit);
  const auto* const same = std::get_if<http::Parsed>(&again);
  require(same != nullptr && same->size == parsed.size, "what follows changes nothing");
}

}  // namespace
}  // namespace sessync::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sessync;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto result = http::parse_request(bytes, &fuzz::limit);
  if (const auto* const parsed = std::get_if<http::Parsed>(&result)) {
    fuzz::check_request(bytes, *parsed);
    fuzz::check_pieces(bytes, *parsed);
  }
  return 0;
}
