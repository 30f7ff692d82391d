#include "tests/double/http/http_multipart.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace sessync::skin {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_header(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
           return a == std::tolower(static_cast<unsigned char>(b));
         });
}

/// The value of `key="..."` in a header; "" without one.
std::string quoted_parameter(std::string_view line, const std::string& key) {
  const std::string opening = " " + key + "=\"";
  const auto start = line.find(opening);
  if (start == std::string_view::npos) return "";
  const auto value = line.substr(start + opening.size());
  return std::string(value.substr(0, value.find('"')));
}

void read_header(std::string_view line, Part& part) {
  if (is_header(line, "content-disposition")) {
    part.name = quoted_parameter(line, "name");
    part.filename = quoted_parameter(line, "filename");
  } else if (is_header(line, "content-type")) {
    const auto value = line.substr(line.find(':') + 1);
    part.content_type = value.substr(std::min(value.find_first_not_of(' '), value.size()));
  }
}

/// Headers, an empty line, the content.
std::optional<Part> read_part(std::string_view text) {
  Part part;
  while (true) {
    const auto end = text.find(kLineEnd);
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    if (line.empty()) break;
    read_header(line, part);
  }
  part.content = text;
  return part;
}

}  // namespace

std::optional<std::string> boundary_of(std::string_view content_type) {
  constexpr std::string_view kKey = "boundary=";
  if (!content_type.starts_with("multipart/form-data")) return std::nullopt;
  const auto start = content_type.find(kKey);
  if (start == std::string_view::npos) return std::nullopt;
  auto value = content_type.substr(start + kKey.size());
  value = value.substr(0, value.find(';'));
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return value.empty() ? std::nullopt : std::optional(std::string(value));
}

std::optional<std::vector<Part>> parse_multipart(std::string_view body,
                                                 const std::string& boundary) {
  const std::string delimiter = "--" + boundary;
  if (!body.starts_with(delimiter)) return std::nullopt;
  body.remove_prefix(delimiter.size());
  std::vector<Part> parts;
  while (!body.starts_with("--")) {
    if (!body.starts_with(kLineEnd)) return std::nullopt;
    body.remove_prefix(kLineEnd.size());
    const auto end = body.find(std::string(kLineEnd) + delimiter);
    if (end == std::string_view::npos) return std::nullopt;
    auto part = read_part(body.substr(0, end));
    if (!part) return std::nullopt;
    parts.push_back(std::move(*part));
    body.remove_prefix(end + kLineEnd.size() + delimiter.size());
  }
  return parts;
}

}  // namespace sessync::skin
