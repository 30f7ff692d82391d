#include "manifest/mount_path.h"

#include <array>
#include <vector>

#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

constexpr std::size_t kMaxMountPathLength = 4096;
/// In the order in which they are tried; at most one is stripped.
constexpr std::array<std::string_view, 2> kUploadRoots = {"/mnt/session/uploads/", "/uploads/"};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  parts.push_back(path);
  return parts;
}

bool has_parent_reference(std::string_view path) {
  for (const auto part : split(path)) {
    if (part == "..") return true;
  }
  return false;
}

std::optional<std::string> ending_problem(std::string_view cleaned, bool may_be_root) {
  if (cleaned == "/") {
    if (may_be_root) return std::nullopt;
    return "is the root, which only a directory entry can be mounted on";
  }
  if (cleaned.ends_with('/')) return "ends in \"/\": leave the slash off";
  if (cleaned.ends_with("/.")) return "ends in \"/.\": leave it off";
  return std::nullopt;
}

}  // namespace

std::string clean_mount_text(std::string_view raw) {
  const auto parts = split(raw);
  std::string cleaned(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    if (!is_last && (parts[i].empty() || parts[i] == ".")) continue;
    cleaned += '/';
    cleaned += parts[i];
  }
  return cleaned;
}

MountPath MountPath::of_file(std::string_view raw) {
  if (raw.empty()) return {};
  std::string cleaned = clean_mount_text(raw);
  if (!cleaned.starts_with('/')) return MountPath("/" + cleaned);
  for (const auto root : kUploadRoots) {
    if (cleaned.starts_with(root)) return MountPath(cleaned.substr(root.size() - 1));
  }
  return MountPath(std::move(cleaned));
}

MountPath MountPath::literal(std::string_view raw) { return MountPath(clean_mount_text(raw)); }

bool MountPath::is_above(const MountPath& other) const {
  if (text_.empty() || !other.text_.starts_with(text_)) return false;
  const auto below = std::string_view(other.text_).substr(text_.size());
  return !below.empty() && (text_.ends_with('/') || below.starts_with('/'));
}

std::optional<std::string> mount_path_problem(std::string_view raw, bool may_be_root) {
  if (raw.empty()) return "is empty: write an absolute path such as /data/file.csv";
  if (!raw.starts_with('/')) return "is relative: begin it with \"/\"";
  if (count_characters(raw) > kMaxMountPathLength) {
    return "is longer than " + std::to_string(kMaxMountPathLength) + " characters";
  }
  if (has_control_character(raw)) return "has a control character";
  if (has_parent_reference(raw)) return "has a \"..\" in it: write the path without it";
  return ending_problem(clean_mount_text(raw), may_be_root);
}

std::string join_mount_text(std::string_view prefix, std::string_view relative) {
  std::string joined(prefix);
  if (!joined.ends_with('/')) joined += '/';
  joined += relative;
  return joined;
}

}  // namespace sessync::manifest
