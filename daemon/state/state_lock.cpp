#include "daemon/state/state_lock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"

namespace sessync::state {
namespace {

/// The digits that the holder wrote into the file; 0 if there are none.
int signature_of(int file) {
  std::array<char, 16> buffer{};
  const ssize_t length = ::pread(file, buffer.data(), buffer.size(), 0);
  int pid = 0;
  std::from_chars(buffer.data(), buffer.data() + std::max<ssize_t>(length, 0), pid);
  return pid;
}

std::string holder_of(int file) {
  const int pid = signature_of(file);
  return pid > 0 ? "process " + std::to_string(pid) : "another process";
}

/// Owned by the open file, not by the process: closing another descriptor of it drops nothing.
struct flock whole_file() {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return whole;
}

/// For those who come too late, and for the commands that ask; the lock itself does not need it.
/// What another one wrote is written over, not cut off first: on a full disk there is room for that
/// alone.
void sign(int file) {
  constexpr std::size_t kWidth = 15;
  std::string pid = std::to_string(::getpid());
  pid.resize(kWidth, ' ');
  pid += "\n";
  [[maybe_unused]] const ssize_t written = ::pwrite(file, pid.data(), pid.size(), 0);
}

tl::unexpected<ports::StoreError> no_lock(std::string message, int error) {
  return tl::unexpected(ports::StoreError{std::move(message), os::is_no_room(error)});
}

}  // namespace

tl::expected<StateLock, ports::StoreError> StateLock::acquire(const std::string& directory) {
  const std::string path = directory + "/lock";
  os::UniqueFd file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!file) {
    const int error = errno;
    return no_lock("cannot open " + path + ": " + os::error_text(error) +
                       "; sessync needs a state directory that it can write to (--state-dir)",
                   error);
  }
  struct flock whole = whole_file();
  if (::fcntl(file.get(), F_OFD_SETLK, &whole) == 0) {
    sign(file.get());
    return StateLock(directory, std::move(file));
  }
  if (errno != EAGAIN && errno != EACCES) {
    const int error = errno;
    return no_lock("cannot lock " + path + ": " + os::error_text(error), error);
  }
  return no_lock("the state directory " + directory + " is in use by " + holder_of(file.get()) +
                     " of sessync; ask that one with `sessync reconcile`, or stop it first",
                 0);
}

void StateLock::sign_again() const { sign(file_.get()); }

tl::expected<std::optional<int>, std::string> StateLock::holder(const std::string& directory) {
  const std::string path = directory + "/lock";
  const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && os::is_absence(errno)) {
    return std::nullopt;
  }
  struct flock other = whole_file();
  if (!file || ::fcntl(file.get(), F_OFD_GETLK, &other) != 0) {
    return tl::unexpected("it cannot be seen who holds " + path + ": " + os::error_text(errno));
  }
  return other.l_type == F_UNLCK ? std::nullopt : std::optional(signature_of(file.get()));
}

}  // namespace sessync::state
