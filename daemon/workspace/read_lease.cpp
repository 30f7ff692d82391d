#include "daemon/workspace/read_lease.h"

#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>

namespace sessync {

ReadLease::Answer ReadLease::take(int fd) {
  give_back();
  // Before the lease: the usual SIGIO would end the process. A signal that is ignored by default
  // is never queued either, so there is no queue to overflow, after which SIGIO would be sent.
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return Answer::kNotAllowed;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    fd_ = fd;
    return Answer::kHeld;
  }
  return errno == EAGAIN ? Answer::kWriterThere : Answer::kNotAllowed;
}

/// A lease that somebody waits for is already reported as what it has to become: none.
bool ReadLease::is_undisturbed() const { return fd_ >= 0 && ::fcntl(fd_, F_GETLEASE) == F_RDLCK; }

void ReadLease::give_back() {
  if (const int fd = std::exchange(fd_, -1); fd >= 0) ::fcntl(fd, F_SETLEASE, F_UNLCK);
}

}  // namespace sessync
