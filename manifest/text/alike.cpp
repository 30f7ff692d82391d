#include "manifest/text/alike.h"

#include <algorithm>
#include <string_view>

namespace sessync::manifest {

std::string comparable_session_id(const std::string& id) {
  constexpr std::string_view kAlias = "session_";
  return id.starts_with(kAlias) ? "sesn_" + id.substr(kAlias.size()) : id;
}

std::string comparable_url(const std::string& url) {
  auto lower = url;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

}  // namespace sessync::manifest
