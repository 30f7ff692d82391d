#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sessync::workspace {

/// `path` as it is written, from the root and clean.
std::string absolute_path(const std::string& path);

/// `path` relative to `base`, "" for `base` itself; both absolute and clean.
std::optional<std::string> path_below(std::string_view base, std::string_view path);

/// The manifest, where it lies in the workspace: what may not be mirrored by accident.
class ManifestPaths {
 public:
  /// `workspace` as the user wrote it, `root` what it resolves to; `manifests` are files or
  /// directories, inside or outside of it.
  ManifestPaths(const std::string& workspace, const std::string& root,
                const std::vector<std::string>& manifests);

  /// `path` is below the root.
  [[nodiscard]] bool contains(std::string_view path) const;

 private:
  void add(std::string_view base, const std::string& path);

  std::set<std::string, std::less<>> files_;
  std::set<std::string, std::less<>> directories_;
};

}  // namespace sessync::workspace
