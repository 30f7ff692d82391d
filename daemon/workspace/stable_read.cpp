#include "daemon/workspace/stable_read.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sessync {
namespace {

using std::chrono::milliseconds;
using Kind = StableReadError::Kind;
using Read = tl::expected<StableRead, StableReadError>;

constexpr int kMaxTries = 6;
constexpr milliseconds kFirstPause{4};  // doubled from try to try
constexpr milliseconds kPoll{5};
/// A file that is open for writing but was left alone this long is taken as it is: a program may
/// keep a finished log open for days.
constexpr milliseconds kWriterGrace{2000};
constexpr std::size_t kBlockBytes = 128U << 10U;

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return nanoseconds(now);
}

tl::unexpected<StableReadError> failed(Kind kind, int error = 0) {
  return tl::unexpected(StableReadError{.kind = kind, .error = error});
}

bool is_absence(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

/// A read lease is refused while anybody has the file open for writing (or mapped). It is given
/// back at once, so no writer waits for us; a writer that comes in between makes the kernel signal
/// us, which must be with a signal that does nothing.
bool is_open_for_writing(int fd) {
  ::fcntl(fd, F_SETSIG, SIGURG);
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
  }
  return errno == EAGAIN;
}

class Attempt {
 public:
  Attempt(const Beneath& root, const std::string& path, Patience& patience)
      : root_(root), path_(path), patience_(patience) {}

  Read run(const ByteSink& sink) {
    auto opened = root_.open_at(path_, O_RDONLY | O_NONBLOCK | O_NOCTTY, Beneath::Links::kRefuse);
    if (!opened) return failed(kind_of(opened.error()), opened.error());
    fd_ = std::move(*opened);
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return failed(Kind::kUnreadable, errno);
    if (!S_ISREG(status.st_mode)) return failed(Kind::kNotRegular);
    before_ = FileStamp::of(status);
    executable_ = is_executable(status);
    wait_until_quiet();
    return read_between_looks(sink);
  }

 private:
  static Kind kind_of(int error) {
    if (is_absence(error) || error == EXDEV) return Kind::kVanished;
    // What open(2) says of a socket, and of a device without driver.
    return error == ENXIO || error == ENODEV ? Kind::kNotRegular : Kind::kUnreadable;
  }

  [[nodiscard]] bool is_quiet(milliseconds age) const {
    if (age < milliseconds::zero() || age >= kWriterGrace) return true;
    return age >= patience_.settle() && !is_open_for_writing(fd_.get());
  }

  void wait_until_quiet() {
    while (true) {
      const milliseconds age{(clock_ns(CLOCK_REALTIME) - before_.modified_ns) / 1'000'000};
      if (is_quiet(age)) return;
      const milliseconds wait = std::max(kPoll, patience_.settle() - age);
      struct stat status{};
      if (!patience_.sleep(wait) || ::fstat(fd_.get(), &status) != 0) return;
      before_ = FileStamp::of(status);
      executable_ = is_executable(status);
    }
  }

  Read read_between_looks(const ByteSink& sink) {
    const std::int64_t observed = clock_ns(CLOCK_REALTIME_COARSE);
    if (const int error = read_all(sink); error != 0) {
      return failed(error == EAGAIN ? Kind::kUnstable : Kind::kUnreadable, error);
    }
    if (sink.finished) sink.finished();
    struct stat after{};
    if (::fstat(fd_.get(), &after) != 0) return failed(Kind::kUnreadable, errno);
    if (FileStamp::of(after) != before_ || !is_still_named()) return failed(Kind::kUnstable);
    return StableRead{.stamp = before_, .observed_ns = observed, .executable = executable_};
  }

  /// An errno; EAGAIN if the file became shorter. That it grew is seen afterwards.
  [[nodiscard]] int read_all(const ByteSink& sink) const {
    thread_local const auto block = std::make_unique<std::array<char, kBlockBytes>>();
    sink.restart();
    for (std::uint64_t done = 0; done < before_.size;) {
      const ssize_t count = ::read(fd_.get(), block->data(), block->size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return errno == EAGAIN ? EIO : errno;
      if (count == 0) return EAGAIN;
      done += static_cast<std::uint64_t>(count);
      sink.bytes({block->data(), static_cast<std::size_t>(count)});
    }
    return 0;
  }

  /// Only compares: where links on the way may lead does not matter.
  [[nodiscard]] bool is_still_named() const {
    struct stat status{};
    const bool found = ::fstatat(root_.fd(), path_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    return found ? FileStamp::of(status).same_file(before_) : errno == ENAMETOOLONG;
  }

  const Beneath& root_;
  const std::string& path_;
  Patience& patience_;
  UniqueFd fd_;
  FileStamp before_;
  bool executable_ = false;
};

}  // namespace

bool Patience::sleep(milliseconds wait) {
  const milliseconds granted = std::min(wait, milliseconds{left_.fetch_sub(wait.count())});
  if (granted <= milliseconds::zero()) return false;
  std::this_thread::sleep_for(granted);
  return true;
}

Read read_stable(const Beneath& root, const std::string& path, Patience& patience,
                 const ByteSink& sink) {
  Read result = failed(Kind::kUnstable);
  milliseconds pause = kFirstPause;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    result = Attempt(root, path, patience).run(sink);
    if (result || result.error().kind != Kind::kUnstable) return result;
    patience.sleep(pause);
    pause *= 2;
  }
  return result;
}

}  // namespace sessync
