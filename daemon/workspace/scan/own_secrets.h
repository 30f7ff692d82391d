#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sessync::workspace {

/// Where sessync itself reads, or keeps, what must not leave: absolute paths, which need not exist.
struct SecretPlaces {
  std::vector<std::string> files;        ///< one that is a directory counts for nothing
  std::vector<std::string> directories;  ///< with all that is in them
  /// One that counts only as long as it really lies in the directory `below` of `root`: where a
  /// link leads it elsewhere, what it leads to is not whoever named it's.
  struct Confined {
    std::string path;
    std::string root;
    std::string below;
  };
  std::vector<Confined> confined{};
};

/// Tells such files in a workspace: by their names and, under whatever name they are met, by device
/// and inode, as they were when it was made. A directory that is or contains the workspace tells
/// nothing.
class OwnSecrets {
 public:
  /// There are none.
  OwnSecrets() = default;
  /// `workspace` as the user wrote it, `root` what it resolves to.
  OwnSecrets(const SecretPlaces& places, const std::string& workspace, const std::string& root);

  [[nodiscard]] bool none() const { return names_.empty() && inodes_.empty(); }
  /// `path` (below the root) is one, or a directory of them.
  [[nodiscard]] bool names(std::string_view path) const { return names_.contains(path); }
  /// `path` is one, or lies in a directory of them.
  [[nodiscard]] bool covers(std::string_view path) const;
  /// What has this inode is one, or a directory of them. Asked again of the file system: what a
  /// secret had that was replaced since, another file may have got.
  [[nodiscard]] bool is(std::uint64_t device, std::uint64_t inode) const;

 private:
  void add(const std::string& path, bool is_directory);
  void add_tree(const std::string& directory);
  bool add_entry(const std::string& path);

  std::string workspace_;
  std::string root_;
  std::set<std::string, std::less<>> names_;                               ///< below the root
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> inodes_;  ///< and whose they are
};

/// Makes them at most once a second: passes are many, and a secret that is replaced keeps its name.
/// Thread-safe.
class OwnSecretsCache {
 public:
  /// `places` null: there are none.
  std::shared_ptr<const OwnSecrets> find(const std::shared_ptr<const SecretPlaces>& places,
                                         const std::string& workspace, const std::string& root);

 private:
  std::mutex mutex_;
  std::shared_ptr<const SecretPlaces> places_;
  std::string root_;
  std::shared_ptr<const OwnSecrets> found_;
  std::chrono::steady_clock::time_point made_;
};

}  // namespace sessync::workspace
