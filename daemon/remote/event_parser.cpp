#include "daemon/remote/event_parser.h"

#include <optional>
#include <utility>

namespace sessync {
namespace {

std::optional<std::string_view> field_value(std::string_view line, std::string_view field) {
  if (!line.starts_with(field) || line.substr(field.size(), 1) != ":") {
    return std::nullopt;
  }
  line.remove_prefix(field.size() + 1);
  return line.starts_with(' ') ? line.substr(1) : line;
}

}  // namespace

bool EventParser::take_line(std::string_view line) {
  if (line.empty()) {
    const auto kind = std::exchange(kind_, {});
    const auto data = std::exchange(data_, {});
    return data.empty() || receiver_(kind, data);
  }
  if (const auto kind = field_value(line, "event")) {
    kind_ = *kind;
  } else if (const auto data = field_value(line, "data")) {
    data_ += (data_.empty() ? "" : "\n");
    data_ += *data;
  }
  return true;
}

bool EventParser::take(std::string_view bytes) {
  rest_ += bytes;
  std::size_t start = 0;
  // What was left over has no line break but in what came now.
  for (auto end = rest_.find('\n', rest_.size() - bytes.size()); end != std::string::npos;
       end = rest_.find('\n', start)) {
    if (!take_line(std::string_view(rest_).substr(start, end - start))) {
      return false;
    }
    start = end + 1;
  }
  rest_.erase(0, start);
  return true;
}

}  // namespace sessync
