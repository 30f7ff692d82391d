#include "daemon/state/state_lock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/workspace/os_error.h"

namespace sessync {
namespace {

/// "process 123", as its holder wrote it into the file.
std::string holder_of(int file) {
  std::array<char, 16> buffer{};
  const ssize_t length = ::pread(file, buffer.data(), buffer.size(), 0);
  const std::string_view text(buffer.data(),
                              static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  const std::string pid(text.substr(0, text.find_first_not_of("0123456789")));
  return pid.empty() ? "another process" : "process " + pid;
}

/// For the message of those who come too late; the lock itself does not need it.
void sign(int file) {
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file, pid.data(), pid.size(), 0);
  }
}

}  // namespace

tl::expected<StateLock, std::string> StateLock::acquire(const std::string& directory) {
  const std::string path = directory + "/lock";
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!file) {
    return tl::unexpected("cannot open " + path + ": " + error_text(errno) +
                          "; sessync needs a state directory that it can write to (--state-dir)");
  }
  // Owned by the open file, not by the process: closing another descriptor of it drops nothing.
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(file.get(), F_OFD_SETLK, &whole) == 0) {
    sign(file.get());
    return StateLock(directory, std::move(file));
  }
  if (errno != EAGAIN && errno != EACCES) {
    return tl::unexpected("cannot lock " + path + ": " + error_text(errno));
  }
  return tl::unexpected("the state directory " + directory + " is in use by " +
                        holder_of(file.get()) +
                        " of sessync; ask that one with `sessync reconcile`, or stop it first");
}

}  // namespace sessync
