#include "daemon/state/state_reserve.h"

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/os/unique_fd.h"

namespace sessync::state {
namespace {

/// What is free has to be a multiple of it: a disk that is nearly full is not filled by us.
constexpr std::uint64_t kPlenty = 4;

bool has_plenty(const std::string& directory) {
  struct statvfs there{};
  return ::statvfs(directory.c_str(), &there) == 0 &&
         std::uint64_t{there.f_bavail} * there.f_frsize >= kPlenty * StateReserve::kBytes;
}

}  // namespace

bool StateReserve::is_held() const {
  constexpr std::uint64_t kBlock = 512;  // of st_blocks, whatever the file system has
  struct stat there{};
  return ::lstat(path_.c_str(), &there) == 0 && S_ISREG(there.st_mode) &&
         static_cast<std::uint64_t>(there.st_blocks) * kBlock >= kBytes;
}

bool StateReserve::keep() {
  if (held_) return true;
  held_ = is_held();
  if (held_ || !has_plenty(std::filesystem::path(path_).parent_path().string())) return held_;
  const os::UniqueFd file(
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  held_ = file && ::fallocate(file.get(), 0, 0, static_cast<off_t>(kBytes)) == 0;
  if (file && !held_) ::unlink(path_.c_str());
  return held_;
}

bool StateReserve::release() {
  const bool was_held = is_held();
  held_ = false;
  return was_held && ::unlink(path_.c_str()) == 0;
}

}  // namespace sessync::state
