#include "manifest/parse/relative_path.h"

#include <vector>

#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::size_t kMaxPathLength = 4096;

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(part);
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
  }
  return parts;
}

std::string join(const std::vector<std::string_view>& parts) {
  std::string joined;
  for (const auto part : parts) {
    if (!joined.empty()) joined += '/';
    joined += part;
  }
  return joined;
}

bool ends_in_dots(std::string_view raw) {
  return raw == "." || raw == ".." || raw.ends_with("/.") || raw.ends_with("/..");
}

}  // namespace

tl::expected<RelativePath, PathFault> clean_relative_path(std::string_view raw) {
  const auto fault = [](bool outside, std::string why) {
    return tl::make_unexpected(PathFault{outside, std::move(why)});
  };
  if (raw.empty()) return fault(false, "is empty");
  if (raw.starts_with('/')) return fault(true, "is absolute");
  if (has_control_character(raw)) return fault(false, "has a control character");
  if (count_characters(raw) > kMaxPathLength) return fault(false, "is over 4096 characters long");
  std::vector<std::string_view> cleaned;
  for (const auto part : components(raw)) {
    if (part != "..") {
      cleaned.push_back(part);
    } else if (cleaned.empty()) {
      return fault(true, "has a \"..\" too many");
    } else {
      cleaned.pop_back();
    }
  }
  if (ends_in_dots(raw)) {
    return fault(false, "names a directory: write " + quoted(std::string(raw) + "/"));
  }
  return RelativePath{join(cleaned), raw.ends_with('/')};
}

}  // namespace sessync::manifest
