#include "daemon/workspace/read/read_lease.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <sys/vfs.h>

namespace sessync::workspace {

namespace {

/// From linux/magic.h and the sources of those that it lacks.
constexpr std::array<std::uint32_t, 12> kKeptByTheKernel{
    0xEF53U,      // ext2, ext3, ext4
    0x58465342U,  // XFS
    0x9123683EU,  // Btrfs
    0x01021994U,  // tmpfs
    0x858458F6U,  // ramfs
    0xF2F52010U,  // F2FS
    0x2FC12FC1U,  // ZFS
    0xCA451A4EU,  // bcachefs
    0x3153464AU,  // JFS
    0x4D44U,      // FAT
    0x2011BAB0U,  // exFAT
    0x7366746EU,  // NTFS
};

bool is_kept_by_the_kernel(int fd) {
  struct statfs status{};
  if (::fstatfs(fd, &status) != 0) return false;
  const auto type = static_cast<std::uint32_t>(status.f_type);
  return std::ranges::find(kKeptByTheKernel, type) != kKeptByTheKernel.end();
}

}  // namespace

ReadLease::Answer ReadLease::take(int fd) {
  give_back();
  // Before the lease: the usual SIGIO would end the process. A signal that is ignored by default
  // is never queued either, so there is no queue to overflow, after which SIGIO would be sent.
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return Answer::kNotAllowed;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    fd_ = fd;
    return is_kept_by_the_kernel(fd) ? Answer::kHeld : Answer::kHeldHere;
  }
  return errno == EAGAIN ? Answer::kWriterThere : Answer::kNotAllowed;
}

/// A lease that somebody waits for is already reported as what it has to become: none.
bool ReadLease::is_undisturbed() const { return fd_ >= 0 && ::fcntl(fd_, F_GETLEASE) == F_RDLCK; }

void ReadLease::give_back() {
  if (const int fd = std::exchange(fd_, -1); fd >= 0) ::fcntl(fd, F_SETLEASE, F_UNLCK);
}

}  // namespace sessync::workspace
