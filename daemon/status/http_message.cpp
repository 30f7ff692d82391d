#include <algorithm>
#include <charconv>
#include <optional>

#include "daemon/status/http_codec.h"

namespace sessync {
namespace {

constexpr std::size_t kMaxHead = 16UL << 10;
constexpr std::size_t kMaxBody = 16UL << 10;

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
    return lower(a) == lower(b);
  });
}

/// The header's value if the line has this name.
std::optional<std::string_view> header_value(std::string_view line, std::string_view name) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !same_name(line.substr(0, colon), name)) {
    return std::nullopt;
  }
  auto value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return value.substr(0, value.find_last_not_of(" \t") + 1);
}

std::optional<std::size_t> parse_length(const std::string& text) {
  std::size_t length = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, length);
  return error == std::errc() && end == last ? std::optional(length) : std::nullopt;
}

RequestExtent refused(int status) { return {RequestExtent::State::kRefused, 0, 0, status}; }

/// One line of the head. Whatever could make two parsers see two requests is refused.
int check_line(std::string_view line, std::optional<std::size_t>& length) {
  if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos ||
      line.front() == ' ' || line.front() == '\t') {
    return 400;
  }
  if (header_value(line, "Transfer-Encoding")) {
    return 411;
  }
  if (const auto text = header_value(line, "Content-Length")) {
    const auto parsed = parse_length(std::string(*text));
    if (!parsed || length) {
      return 400;
    }
    length = parsed;
  }
  return 0;
}

}  // namespace

RequestExtent request_extent(std::string_view bytes) {
  const auto end = bytes.substr(0, kMaxHead).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return bytes.size() >= kMaxHead ? refused(431) : RequestExtent{};
  }
  std::optional<std::size_t> length;
  auto lines = bytes.substr(0, end + 2);
  while (!lines.empty()) {
    const auto size = lines.find("\r\n");
    if (const int status = size == 0 ? 400 : check_line(lines.substr(0, size), length);
        status != 0) {
      return refused(status);
    }
    lines.remove_prefix(size + 2);
  }
  if (length.value_or(0) > kMaxBody) {
    return refused(413);
  }
  RequestExtent extent{RequestExtent::State::kPartial, end + 4, length.value_or(0), 0};
  if (bytes.size() >= extent.head + extent.body) {
    extent.state = RequestExtent::State::kWhole;
  }
  return extent;
}

std::vector<std::string> StatusRequest::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) {
      values.push_back(value);
    }
  }
  return values;
}

std::string StatusRequest::first(std::string_view name) const {
  const auto values = all(name);
  return values.empty() ? std::string() : values.front();
}

}  // namespace sessync
