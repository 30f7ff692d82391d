#include "daemon/http/client/header.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "daemon/http/client/header_text.h"

namespace sessync::http {
namespace {

bool is_token_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Headers that the transport computes; another value would break the framing of the request.
bool belongs_to_transport(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "content-length", "transfer-encoding", "content-type", "host", "connection", "expect", "te",
      "upgrade"};
  return std::ranges::find(kNames, lower_case(name)) != kNames.end();
}

tl::expected<HttpHeader, std::string> parse_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return tl::unexpected(std::string("a line has no ':'"));
  const auto name = without_blanks(line.substr(0, colon));
  const auto value = without_blanks(line.substr(colon + 1));
  if (name.empty() || !std::ranges::all_of(name, is_token_character)) {
    return tl::unexpected(std::string("a header name is not valid"));
  }
  if (belongs_to_transport(name)) {
    return tl::unexpected("the header " + std::string(name) + " cannot be set");
  }
  if (!is_header_value(value)) {
    return tl::unexpected("the value of " + std::string(name) + " contains control characters");
  }
  return HttpHeader{std::string(name), ports::Secret(std::string(value))};
}

}  // namespace

tl::expected<std::vector<HttpHeader>, std::string> parse_custom_headers(std::string_view lines) {
  std::vector<HttpHeader> headers;
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = without_blanks(lines.substr(0, end));
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    if (line.empty()) continue;
    auto header = parse_header(line);
    if (!header) return tl::unexpected("custom headers: " + header.error());
    headers.push_back(std::move(*header));
  }
  return headers;
}

bool is_header_value(std::string_view value) {
  return std::ranges::none_of(
      value, [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; });
}

}  // namespace sessync::http
