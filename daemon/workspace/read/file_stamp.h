#pragma once

#include <algorithm>
#include <cstdint>

#include <sys/stat.h>

namespace sessync::workspace {

inline std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// What the file system says of a file's content without reading it. ctime is there because it
/// cannot be set: mtime alone is forged by `touch -d`, `cp -p` and `tar x`.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  static FileStamp of(const struct stat& status) {
    return {.device = status.st_dev,
            .inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = nanoseconds(status.st_mtim),
            .changed_ns = nanoseconds(status.st_ctim)};
  }
  [[nodiscard]] std::int64_t newest_ns() const { return std::max(modified_ns, changed_ns); }
  [[nodiscard]] bool same_file(const FileStamp& other) const {
    return device == other.device && inode == other.inode;
  }
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// By its owner: the one bit of a file's mode that an archive keeps. No part of the stamp, because
/// it says nothing of the content; a stamp's ctime changes with it all the same.
inline bool is_executable(const struct stat& status) { return (status.st_mode & S_IXUSR) != 0; }

/// A file that was looked at less than this after its last change may change again without a new
/// stamp: the coarsest stamps in use (FAT) step by two seconds.
inline constexpr std::int64_t kRacyNs = 2'000'000'000;

/// `observed_ns` is the wall clock when the file was looked at. True also for stamps from the
/// future.
inline bool is_racy(const FileStamp& stamp, std::int64_t observed_ns) {
  return observed_ns - stamp.newest_ns() < kRacyNs;
}

}  // namespace sessync::workspace
