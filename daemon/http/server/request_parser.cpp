#include "daemon/http/server/request_parser.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sessync::http {
namespace {

constexpr std::size_t kMostHeaders = 100;

struct Head {
  Request request;
  std::size_t content_length = 0;
  bool keeps = false;
};

/// A value, or the status of the refusal.
template <class T>
using Or = std::variant<T, Refused>;

/// Every line ends in CR LF as far as it is here, and no line holds a NUL.
bool has_clean_lines(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const bool bare_lf = head[i] == '\n' && (i == 0 || head[i - 1] != '\r');
    const bool bare_cr = head[i] == '\r' && i + 1 < head.size() && head[i + 1] != '\n';
    if (bare_lf || bare_cr || head[i] == '\0') {
      return false;
    }
  }
  return true;
}

/// The size of the head with its empty line; 0: more is to come.
Or<std::size_t> find_head(std::string_view bytes) {
  const auto seen = bytes.substr(0, kMostHead);
  const auto end = seen.find("\r\n\r\n");
  const bool complete = end != std::string_view::npos;
  if (!has_clean_lines(complete ? seen.substr(0, end + 4) : seen)) {
    return Refused{400};
  }
  if (complete) {
    return end + 4;
  }
  return seen.size() == kMostHead ? Or<std::size_t>(Refused{431}) : std::size_t{0};
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (!low || (*high == 0 && *low == 0)) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

/// The path of "/path?query".
std::optional<std::string> path_of(std::string_view target) {
  const bool visible = std::ranges::all_of(target, is_visible);
  if (!target.starts_with('/') || !visible || target.find('#') != std::string_view::npos) {
    return std::nullopt;
  }
  return decode(target.substr(0, target.find('?')));
}

bool is_version(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

/// "GET /path HTTP/1.1"
Or<Head> parse_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto second = line.find(' ', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return Refused{400};
  const auto version = line.substr(second + 1);
  const auto path = path_of(line.substr(first + 1, second - first - 1));
  if (!is_token(line.substr(0, first)) || !is_version(version)) return Refused{400};
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return Refused{505};
  if (!path) return Refused{400};
  Head head;
  head.request.method = line.substr(0, first);
  head.request.path = *path;
  head.keeps = version == "HTTP/1.1";
  return head;
}

std::string_view trimmed(std::string_view value) {
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return value.substr(0, value.find_last_not_of(" \t") + 1);
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; });
}

/// Digits alone; more than fit are more than anything takes.
std::optional<std::size_t> parse_length(std::string_view text) {
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (text.empty() || !digits) return std::nullopt;
  std::size_t length = 0;
  const std::string copy(text);
  const auto [end, error] = std::from_chars(copy.data(), copy.data() + copy.size(), length);
  return error == std::errc() ? length : static_cast<std::size_t>(-1);
}

bool names_close(std::string_view value) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    if (same_name(trimmed(value.substr(0, comma)), "close")) return true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return false;
}

/// 0: it was taken.
int take_header(std::string_view line, Head& head) {
  const auto colon = std::min(line.find(':'), line.size());
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(std::min(colon + 1, line.size())));
  if (colon == line.size() || !is_token(name) || !is_value(value)) return 400;
  if (same_name(name, "Transfer-Encoding")) return 411;
  if (same_name(name, "Connection") && names_close(value)) head.keeps = false;
  if (same_name(name, "Content-Length")) {
    const auto length = parse_length(value);
    if (!length || !head.request.all(name).empty()) return 400;
    head.content_length = *length;
  }
  if (head.request.headers.size() >= kMostHeaders) return 431;
  head.request.headers.emplace_back(name, value);
  return 0;
}

/// `text` without its last, empty line.
Or<Head> parse_head(std::string_view text) {
  auto end = text.find("\r\n");
  auto head = parse_request_line(text.substr(0, end));
  while (std::holds_alternative<Head>(head) && end + 2 < text.size()) {
    text.remove_prefix(end + 2);
    end = text.find("\r\n");
    const int status = take_header(text.substr(0, end), std::get<Head>(head));
    if (status != 0) return Refused{status};
  }
  return head;
}

}  // namespace

ParseResult parse_request(std::string_view bytes, const BodyLimit& limit) {
  const auto found = find_head(bytes);
  if (const auto* const refused = std::get_if<Refused>(&found)) return *refused;
  const auto size = std::get<std::size_t>(found);
  if (size == 0) return Incomplete{};
  auto parsed = parse_head(bytes.substr(0, size - 2));
  if (const auto* const refused = std::get_if<Refused>(&parsed)) return *refused;
  auto& head = std::get<Head>(parsed);
  if (head.content_length > limit(head.request.path)) return Refused{413};
  const auto whole = size + head.content_length;
  if (bytes.size() < whole) return Incomplete{whole};
  head.request.body = bytes.substr(size, head.content_length);
  return Parsed{std::move(head.request), whole, head.keeps};
}

}  // namespace sessync::http
