#include "daemon/state/state_lock.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/workspace/os_error.h"

namespace sessync {
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
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return whole;
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
  struct flock whole = whole_file();
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

tl::expected<std::optional<int>, std::string> StateLock::holder(const std::string& directory) {
  const std::string path = directory + "/lock";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && is_absence(errno)) {
    return std::nullopt;
  }
  struct flock other = whole_file();
  if (!file || ::fcntl(file.get(), F_OFD_GETLK, &other) != 0) {
    return tl::unexpected("it cannot be seen who holds " + path + ": " + error_text(errno));
  }
  return other.l_type == F_UNLCK ? std::nullopt : std::optional(signature_of(file.get()));
}

}  // namespace sessync
