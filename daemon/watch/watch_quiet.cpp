#include <algorithm>
#include <fstream>

#include <fcntl.h>

#include "daemon/os/path_text.h"
#include "daemon/os/unique_fd.h"
#include "daemon/watch/watch_set.h"
#include "manifest/text/utf8.h"

/// The part of WatchSet for what raises no event: filesystems that are silent, and the lack of
/// watches.
namespace sessync::watch {
namespace {

std::size_t limit_now(const std::string& name) {
  std::size_t limit = 0;
  std::ifstream("/proc/sys/fs/inotify/" + name) >> limit;
  return limit;
}

/// The limit holds for all programs of the user together, so what is missing comes on top of it.
std::string advice(const std::string& name, std::size_t missing, std::size_t needed) {
  const std::size_t enough = std::max(limit_now(name) + missing, needed);
  return ": raise the limit (sysctl fs.inotify." + name + " to at least " + std::to_string(enough) +
         "); until then changes there are found only by scanning from time to time";
}

}  // namespace

/// The tree of `index` has `directory`, which `fd` is.
void WatchSet::note_trust(std::size_t index, const std::string& directory, int fd) {
  const EventTrust trust = filesystems_.trust_in(fd);
  if (trust == EventTrust::kAll) return;
  targets_[index].quiet[directory] = {.look = look_of_place(index, directory), .trust = trust};
}

/// The name on which the path of `index` ends is looked up in `directory`.
void WatchSet::note_trust_in_parent(std::size_t index, const std::string& directory) {
  const os::UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const EventTrust trust = fd ? filesystems_.trust_in(fd.get()) : EventTrust::kAll;
  Target& target = targets_[index];
  if (trust == EventTrust::kAll) return;
  target.quiet_path = {.look = look_of_file(target.wanted.path), .trust = trust};
}

std::uint64_t WatchSet::look_of_place(std::size_t index, const std::string& directory) const {
  const WatchTarget& wanted = targets_[index].wanted;
  const auto takes = [&](std::string_view name, bool is_directory) {
    const std::string path = os::join_path(directory, name);
    return is_directory ? wanted.enters(path) : matters(wanted, path);
  };
  return look_of_directory(path_of(index, directory), takes);
}

bool WatchSet::looks_different(std::size_t index) const {
  const Target& target = targets_[index];
  if (target.quiet_path && target.quiet_path->look != look_of_file(target.wanted.path)) return true;
  for (const auto& [directory, quiet] : target.quiet) {
    if (quiet.look != look_of_place(index, directory)) return true;
  }
  return false;
}

/// What looks different is crawled again, which also finds new directories.
WatchSet::Outcome WatchSet::look() {
  Outcome outcome;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (looks_different(i)) rebuild_later(i, outcome);
  }
  rebuild_pending();
  return outcome;
}

EventTrust WatchSet::trust() const {
  EventTrust least = EventTrust::kAll;
  for (const Target& target : targets_) {
    if (target.quiet_path) least = std::max(least, target.quiet_path->trust);
    for (const auto& [directory, quiet] : target.quiet) least = std::max(least, quiet.trust);
  }
  return least;
}

std::string WatchSet::quiet_reason() const {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    if (target.quiet.empty() && !target.quiet_path) continue;
    const std::string path =
        target.quiet.empty() ? target.wanted.path : path_of(i, target.quiet.begin()->first);
    return manifest::printable(path) + " lies on a filesystem where a change may raise no event";
  }
  return "";
}

std::string WatchSet::degraded_reason() const {
  if (!fd_) {
    return "changes cannot be watched (" + os::error_text(instance_error_) + ")" +
           advice("max_user_instances", 1, 0);
  }
  if (unwatched_.empty()) return "";
  const std::size_t needed = watches_.size() + unwatched_.size();
  return std::to_string(unwatched_.size()) + " of " + std::to_string(needed) +
         " directories, among them " + manifest::printable(*unwatched_.begin()) +
         ", cannot be watched (" + unwatched_reason_ + ")" +
         advice("max_user_watches", unwatched_.size(), needed);
}

}  // namespace sessync::watch
