#include "daemon/watch/quiet.h"

#include <algorithm>
#include <array>
#include <functional>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "daemon/os/directory_stream.h"
#include "daemon/os/unique_fd.h"

namespace sessync::watch {
namespace {

constexpr std::uint64_t kOverlay = 0x794C7630;

/// Not all of them are in linux/magic.h.
constexpr std::array<std::uint64_t, 13> kSilent{
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x65735546,  // FUSE, virtiofs
    0x01021997,  // 9p, gVisor's gofer
    0x00C36400,  // Ceph
    0x5346414F,  // AFS
    0x0BD00BD0,  // Lustre
    0x47504653,  // GPFS
    0x786F4256,  // VirtualBox
    0xBACBACBC,  // VMware
    0x7C7C6673,  // Parallels
};

std::uint64_t mixed(std::uint64_t seed, std::uint64_t value) {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
  seed ^= value + kOdd + (seed << 6U) + (seed >> 2U);
  return seed * kOdd;
}

std::uint64_t moment_of(const timespec& time) {
  constexpr std::uint64_t kPerSecond = 1'000'000'000;
  return static_cast<std::uint64_t>(time.tv_sec) * kPerSecond +
         static_cast<std::uint64_t>(time.tv_nsec);
}

std::uint64_t look_of(const struct stat& status) {
  std::uint64_t look = mixed(status.st_ino, status.st_mode);
  // What is in a directory below is looked at there.
  if (S_ISDIR(status.st_mode)) return look;
  look = mixed(look, static_cast<std::uint64_t>(status.st_size));
  look = mixed(look, moment_of(status.st_mtim));
  return mixed(look, moment_of(status.st_ctim));
}

/// What is not there looks like nothing else does.
std::uint64_t look_at(int directory, const char* name) {
  struct stat status{};
  return ::fstatat(directory, name, &status, 0) == 0 ? look_of(status) : 1;
}

/// Some filesystems tell no types.
bool is_taken(const dirent& entry, const TakesEntry& takes) {
  const auto* const name = static_cast<const char*>(entry.d_name);
  if (entry.d_type == DT_UNKNOWN) return takes(name, true) || takes(name, false);
  return takes(name, entry.d_type == DT_DIR);
}

}  // namespace

EventTrust trust_in_type(std::uint64_t type) {
  if (type == kOverlay) return EventTrust::kSome;
  return std::ranges::find(kSilent, type) == kSilent.end() ? EventTrust::kAll : EventTrust::kNone;
}

EventTrust Filesystems::trust_in(int directory) {
  struct stat status{};
  if (::fstat(directory, &status) != 0) return EventTrust::kAll;
  const auto [known, is_new] = known_.try_emplace(status.st_dev, EventTrust::kAll);
  struct statfs filesystem{};
  if (is_new && ::fstatfs(directory, &filesystem) == 0) {
    known->second = trust_in_type(static_cast<std::uint32_t>(filesystem.f_type));
  }
  return known->second;
}

std::uint64_t look_of_directory(const std::string& path, const TakesEntry& takes) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const os::DirectoryStream stream(fd ? ::fdopendir(fd.release()) : nullptr);
  if (!stream) return 0;
  std::uint64_t look = 1;
  while (const dirent* entry = ::readdir(stream.get())) {
    const auto* const text = static_cast<const char*>(entry->d_name);
    const std::string_view name(text);
    if (name == "." || name == ".." || !is_taken(*entry, takes)) continue;
    const std::uint64_t hash = std::hash<std::string_view>()(name);
    // A sum, because the order of entries says nothing.
    look += mixed(hash, look_at(::dirfd(stream.get()), text));
  }
  return look;
}

std::uint64_t look_of_file(const std::string& path) { return look_at(AT_FDCWD, path.c_str()); }

}  // namespace sessync::watch
