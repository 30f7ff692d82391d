#include "daemon/workspace/scan/manifest_paths.h"

#include <filesystem>

#include <sys/stat.h>

#include "daemon/os/path_text.h"

namespace sessync::workspace {
namespace {

bool is_manifest_name(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

}  // namespace

std::string absolute_path(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

std::optional<std::string> path_below(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!path.starts_with(base)) return std::nullopt;
  path.remove_prefix(base.size());
  if (path.empty()) return "";
  if (path.front() != '/') return std::nullopt;
  return std::string(path.substr(1));
}

ManifestPaths::ManifestPaths(const std::string& workspace, const std::string& root,
                             const std::vector<std::string>& manifests) {
  for (const std::string& manifest : manifests) {
    // As it is written and as it resolves: the link is as little to be mirrored as its target.
    add(absolute_path(workspace), absolute_path(manifest));
    std::error_code missing;
    const auto resolved = std::filesystem::canonical(manifest, missing);
    if (!missing) add(root, resolved.string());
  }
}

void ManifestPaths::add(std::string_view base, const std::string& path) {
  const std::optional<std::string> relative = path_below(base, path);
  if (!relative) return;
  struct stat status{};
  const bool is_directory = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  (is_directory ? directories_ : files_).insert(*relative);
}

bool ManifestPaths::contains(std::string_view path) const {
  if (!files_.empty() && files_.contains(path)) return true;
  if (directories_.empty()) return false;
  const std::string_view name = os::base_name(path);
  if (!is_manifest_name(name)) return false;
  const std::size_t parent = path.size() - name.size();
  return directories_.contains(path.substr(0, parent == 0 ? 0 : parent - 1));
}

}  // namespace sessync::workspace
