#include "daemon/workspace/scan/own_secrets.h"

#include <filesystem>

#include <sys/stat.h>

#include "daemon/workspace/scan/manifest_paths.h"

namespace sessync::workspace {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kSecretsKept{1};
/// A directory that somebody names for secrets and that holds more is told by its name alone.
constexpr std::size_t kMostEntries = 4096;

std::string resolved(const std::string& path) {
  std::error_code missing;
  const auto full = fs::weakly_canonical(path, missing);
  return missing ? path : full.string();
}

}  // namespace

OwnSecrets::OwnSecrets(const SecretPlaces& places, const std::string& workspace,
                       const std::string& root)
    : workspace_(absolute_path(workspace)), root_(root) {
  for (const std::string& file : places.files) add(file, false);
  for (const std::string& directory : places.directories) {
    const bool contains_workspace = path_below(resolved(directory), root_).has_value() ||
                                    path_below(absolute_path(directory), workspace_).has_value();
    if (contains_workspace) continue;
    add(directory, true);
    add_tree(directory);
  }
}

/// A name counts although nothing has it yet.
void OwnSecrets::add(const std::string& path, bool is_directory) {
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode) != is_directory) return;
  if (exists) inodes_.try_emplace({status.st_dev, status.st_ino}, path);
  if (auto name = path_below(workspace_, absolute_path(path))) names_.insert(std::move(*name));
  if (auto name = path_below(root_, resolved(path))) names_.insert(std::move(*name));
}

/// Of links only files count: one to a directory says nothing of what is in that.
void OwnSecrets::add_tree(const std::string& directory) {
  std::error_code error;
  std::size_t left = kMostEntries;
  constexpr auto kSkip = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(directory, kSkip, error), end;
       !error && entry != end && left > 0; entry.increment(error), --left) {
    struct stat status{};
    if (::stat(entry->path().c_str(), &status) != 0) continue;
    std::error_code ignored;
    if (S_ISREG(status.st_mode) || !entry->is_symlink(ignored)) {
      inodes_.try_emplace({status.st_dev, status.st_ino}, entry->path().string());
    }
  }
}

bool OwnSecrets::covers(std::string_view path) const {
  if (names_.empty()) return false;
  while (!names_.contains(path)) {
    const auto slash = path.rfind('/');
    if (slash == path.npos) return false;
    path = path.substr(0, slash);
  }
  return true;
}

bool OwnSecrets::is(std::uint64_t device, std::uint64_t inode) const {
  const auto found = inodes_.find({device, inode});
  struct stat now{};
  return found != inodes_.end() && ::stat(found->second.c_str(), &now) == 0 &&
         now.st_dev == device && now.st_ino == inode;
}

std::shared_ptr<const OwnSecrets> OwnSecretsCache::find(
    const std::shared_ptr<const SecretPlaces>& places, const std::string& workspace,
    const std::string& root) {
  if (places == nullptr) return std::make_shared<const OwnSecrets>();
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (places_ == places && root_ == root && now - made_ < kSecretsKept) return found_;
  }
  auto found = std::make_shared<const OwnSecrets>(*places, workspace, root);
  const std::lock_guard lock(mutex_);
  places_ = places;
  root_ = root;
  found_ = found;
  made_ = now;
  return found;
}

}  // namespace sessync::workspace
