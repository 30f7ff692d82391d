#include "daemon/http/server/message.h"

#include <algorithm>

namespace sessync::http {

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; };
    return lower(a) == lower(b);
  });
}

std::vector<std::string> Request::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) {
      values.push_back(value);
    }
  }
  return values;
}

std::string Request::first(std::string_view name) const {
  const auto values = all(name);
  return values.empty() ? std::string() : values.front();
}

}  // namespace sessync::http
