#include "daemon/workspace/scan/own_secrets.h"

#include <filesystem>

#include <sys/stat.h>

#include "daemon/os/directory_stream.h"
#include "daemon/os/path_text.h"
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
  for (const SecretPlaces::Confined& file : places.confined) {
    const auto place = path_below(resolved(file.root), resolved(file.path));
    if (place && os::lies_in_volume(*place, file.below)) add(file.path, false);
  }
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

void OwnSecrets::add_tree(const std::string& directory) {
  std::vector<std::string> unread{directory};
  std::size_t left = kMostEntries;
  while (!unread.empty()) {
    const std::string above = std::move(unread.back());
    unread.pop_back();
    const auto names = os::names_in(above, left);
    left -= names.size();
    for (const auto& name : names) {
      auto path = os::join_path(above, name);
      if (add_entry(path)) unread.push_back(std::move(path));
    }
  }
}

/// Of links only files count: one to a directory says nothing of what is in that. True for a
/// directory.
bool OwnSecrets::add_entry(const std::string& path) {
  struct stat itself{};
  struct stat status{};
  if (::lstat(path.c_str(), &itself) != 0 || ::stat(path.c_str(), &status) != 0) return false;
  if (S_ISREG(status.st_mode) || !S_ISLNK(itself.st_mode)) {
    inodes_.try_emplace({status.st_dev, status.st_ino}, path);
  }
  return S_ISDIR(itself.st_mode);
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
