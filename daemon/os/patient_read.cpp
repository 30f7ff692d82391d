#include "daemon/os/patient_read.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"
#include "daemon/os/unique_fd.h"

namespace sessync::os {
namespace {

using Clock = std::chrono::steady_clock;

/// Something can be read, or the end is reached.
bool await_bytes(int fd, Clock::time_point until) {
  pollfd waiting{fd, POLLIN, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

std::string unusable(const struct stat& status) {
  if (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode)) {
    return "";
  }
  return S_ISDIR(status.st_mode) ? "is a directory: name a file"
                                 : "is a device or a socket: name a file";
}

}  // namespace

std::string read_patiently(const std::string& path, std::string& text,
                           std::chrono::milliseconds patience) {
  // Non-blocking: to open a pipe would otherwise wait for its writer, for ever.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) {
    return "cannot be read: " + error_text(errno);
  }
  if (auto why = unusable(status); !why.empty()) {
    return why;
  }
  const auto until = Clock::now() + patience;
  std::size_t filled = 0;
  while (filled < text.size()) {
    if (!await_bytes(file.get(), until)) {
      return "is a pipe into which nobody writes: name a file";
    }
    const auto got = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
      return "cannot be read: " + error_text(errno);
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  text.resize(filled);
  return "";
}

bool is_pipe(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace sessync::os
