#include "daemon/watch/watch_set.h"

#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/os/directory_stream.h"
#include "daemon/os/path_text.h"
#include "daemon/os/pulse.h"
#include "daemon/watch/inotify_masks.h"
#include "daemon/watch/path_chain.h"
#include "manifest/text/utf8.h"

namespace sessync::watch {
namespace {

/// From so many targets on, clearing them one by one costs more than beginning anew.
constexpr std::size_t kManyTargets = 16;

os::DirectoryStream open_directory(const std::string& path) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return os::DirectoryStream(fd ? ::fdopendir(fd.release()) : nullptr);
}

/// The type of a directory entry as readdir(3) says it; DT_UNKNOWN if it is gone.
unsigned char type_of(const dirent& entry, const std::string& path) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type;
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return DT_UNKNOWN;
  return static_cast<unsigned char>(IFTODT(status.st_mode));
}

}  // namespace

WatchSet::WatchSet(AddWatch add_watch) : add_watch_(std::move(add_watch)) {
  open_instance();
  if (!add_watch_) add_watch_ = &::inotify_add_watch;
}

void WatchSet::open_instance() {
  fd_ = os::UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd_) instance_error_ = errno;
}

void WatchSet::set_targets(std::vector<WatchTarget> targets) {
  names_.clear();
  targets_.clear();
  for (WatchTarget& wanted : targets) {
    names_.insert(wanted.name);
    targets_.emplace_back().wanted = std::move(wanted);
  }
  rebuild_all();
}

void WatchSet::rescan() {
  ++statistics_.rescans;
  if (!fd_) open_instance();  // there may be one now
  rebuild_all();
}

void WatchSet::rebuild_all() {
  to_rebuild_.clear();
  unwatched_.clear();
  for (auto& [id, watch] : watches_) watch = Watch();
  for (Target& target : targets_) {
    target.directories.clear();
    target.on_the_way.clear();
    target.quiet.clear();
    target.quiet_path.reset();
  }
  for (std::size_t i = 0; i < targets_.size(); ++i) resolve(i);
  std::vector<int> ids;
  ids.reserve(watches_.size());
  for (const auto& [id, watch] : watches_) ids.push_back(id);
  for (const int id : ids) drop_if_unused(id);
}

void WatchSet::rebuild_pending() {
  if (to_rebuild_.size() > kManyTargets) return rebuild_all();
  for (const std::size_t index : std::exchange(to_rebuild_, {})) rebuild(index);
}

/// Old watches are dropped only after the new ones stand, so that none is removed and added again.
void WatchSet::rebuild(std::size_t index) {
  Target& target = targets_[index];
  const auto directories = std::exchange(target.directories, {});
  const auto on_the_way = std::exchange(target.on_the_way, {});
  target.quiet.clear();
  target.quiet_path.reset();
  for (const auto& [directory, id] : directories) {
    std::erase_if(watches_[id].places, [&](const Place& place) { return place.target == index; });
  }
  for (const int id : on_the_way) {
    std::erase_if(watches_[id].lookups,
                  [&](const auto& lookup) { return lookup.second.target == index; });
  }
  resolve(index);
  for (const auto& [directory, id] : directories) drop_if_unused(id);
  for (const int id : on_the_way) drop_if_unused(id);
}

void WatchSet::resolve(std::size_t index) {
  Target& target = targets_[index];
  target.resolved = follow(index, target.wanted.path);
  if (target.resolved && target.wanted.enters) crawl(index, "");
}

/// Watches each directory in which a name is looked up for `path`.
std::optional<std::string> WatchSet::follow(std::size_t index, const std::string& path) {
  const auto on_lookup = [&](const std::string& directory, const std::string& name, bool is_last) {
    if (is_last) note_trust_in_parent(index, directory);
    const int id = watch_directory(directory, is_last ? kWatchAll : kWatchNames);
    if (id < 0) return;
    watches_[id].lookups.emplace(name, Lookup{.target = index, .is_last = is_last});
    targets_[index].on_the_way.insert(id);
  };
  return resolve_chain(path, on_lookup);
}

void WatchSet::crawl(std::size_t index, const std::string& directory) {
  std::vector<std::string> open = {directory};
  while (!open.empty()) {
    const std::string next = std::move(open.back());
    open.pop_back();
    os::beat();
    const int id = watch_directory(path_of(index, next), kWatchAll);
    if (id >= 0) add_place(index, next, id);
    for (std::string& found : directories_in(index, next)) open.push_back(std::move(found));
  }
}

void WatchSet::add_place(std::size_t index, const std::string& directory, int id) {
  const auto [known, is_new] = targets_[index].directories.try_emplace(directory, id);
  if (!is_new && known->second == id) return;
  if (!is_new) remove_place(index, directory, std::exchange(known->second, id));
  watches_[id].places.push_back({.target = index, .directory = directory});
}

void WatchSet::remove_place(std::size_t index, const std::string& directory, int id) {
  if (const auto found = watches_.find(id); found != watches_.end()) {
    std::erase_if(found->second.places, [&](const Place& place) {
      return place.target == index && place.directory == directory;
    });
  }
  drop_if_unused(id);
}

/// Also sees to what the symlinks in it lead to.
std::vector<std::string> WatchSet::directories_in(std::size_t index, const std::string& directory) {
  std::vector<std::string> found;
  const std::string real = path_of(index, directory);
  const os::DirectoryStream stream = open_directory(real);
  if (!stream && os::is_shortage(errno)) {
    unwatched_reason_ = os::error_text(errno);
    unwatched_.insert(real);
  }
  if (stream) note_trust(index, directory, ::dirfd(stream.get()));
  const WatchTarget& wanted = targets_[index].wanted;
  while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    const std::string path = os::join_path(directory, name);
    const unsigned char type = type_of(*entry, os::join_path(real, name));
    if (type == DT_DIR && wanted.enters(path)) found.push_back(path);
    if (type == DT_LNK && matters(wanted, path)) follow(index, os::join_path(real, name));
  }
  return found;
}

void WatchSet::forget_below(std::size_t index, const std::string& directory) {
  auto& directories = targets_[index].directories;
  const auto forget = [&](auto each) {
    remove_place(index, each->first, each->second);
    return directories.erase(each);
  };
  if (const auto self = directories.find(directory); self != directories.end()) forget(self);
  const std::string prefix = directory + "/";
  for (auto each = directories.lower_bound(prefix);
       each != directories.end() && each->first.starts_with(prefix);) {
    each = forget(each);
  }
  std::erase_if(targets_[index].quiet, [&](const auto& each) {
    return each.first == directory || each.first.starts_with(prefix);
  });
}

int WatchSet::watch_directory(const std::string& path, std::uint32_t mask) {
  if (!fd_) return -1;
  const int id = add_watch_(fd_.get(), path.c_str(), mask);
  if (id >= 0) {
    unwatched_.erase(path);
    watches_.try_emplace(id);
    return id;
  }
  // What is gone, or may not be read, is an event of the directory above once it is back.
  const bool is_hidden = errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES;
  if (!is_hidden) {
    unwatched_reason_ = os::error_text(errno);
    unwatched_.insert(path);
  }
  return -1;
}

void WatchSet::drop_if_unused(int id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
  if (!found->second.places.empty() || !found->second.lookups.empty()) return;
  ::inotify_rm_watch(fd_.get(), id);
  watches_.erase(found);
}

bool WatchSet::matters(const WatchTarget& wanted, const std::string& path) {
  return !wanted.matters || wanted.matters(path);
}

std::string WatchSet::path_of(std::size_t index, const std::string& directory) const {
  return os::join_path(*targets_[index].resolved, directory);
}

WatchStatistics WatchSet::statistics() const {
  WatchStatistics all = statistics_;
  all.directories_watched = watches_.size();
  return all;
}

}  // namespace sessync::watch
