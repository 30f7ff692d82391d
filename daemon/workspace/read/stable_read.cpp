#include "daemon/workspace/read/stable_read.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"
#include "daemon/os/pulse.h"
#include "daemon/workspace/read/read_lease.h"

namespace sessync::workspace {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ReadErrorKind = StableReadError::Kind;
using Read = tl::expected<StableRead, StableReadError>;

constexpr int kMaxTries = 6;
constexpr milliseconds kFirstPause{4};  // doubled from try to try
constexpr milliseconds kShortest{5};
constexpr milliseconds kFirstLook{10};  // at an open file, doubled from look to look
constexpr milliseconds kLastLook{320};
/// Read and hashed in a tenth of a millisecond: a writer waits no longer for its lease.
constexpr std::size_t kReadBlockBytes = 128U << 10U;
constexpr std::size_t kSmallBytes = 64U << 10U;

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return nanoseconds(now);
}

tl::unexpected<StableReadError> failed(ReadErrorKind kind, int error = 0) {
  return tl::unexpected(StableReadError{.kind = kind, .error = error});
}

ReadErrorKind kind_of_error(int error) {
  if (os::is_absence(error) || error == EXDEV) return ReadErrorKind::kVanished;
  if (error == EAGAIN) return ReadErrorKind::kUnstable;
  // What open(2) says of a socket, and of a device without driver.
  return error == ENXIO || error == ENODEV ? ReadErrorKind::kNotRegular
                                           : ReadErrorKind::kUnreadable;
}

/// By the file's own account. Negative: its stamps lie in the future and say nothing.
milliseconds age_of(const FileStamp& stamp) {
  const std::int64_t now = clock_ns(CLOCK_REALTIME);
  // Anybody can set mtime to tomorrow.
  const bool is_set = stamp.modified_ns > now && stamp.changed_ns <= now;
  return milliseconds{(now - (is_set ? stamp.changed_ns : stamp.newest_ns())) / 1'000'000};
}

}  // namespace

class StableReader::Attempt {
 public:
  Attempt(const os::Beneath& root, const std::string& path, const ReadTools& tools)
      : root_(root), path_(path), tools_(tools), limits_(tools.patience.limits()) {}

  std::optional<Read> step(const ByteSink& sink, std::uint64_t at_most) {
    if (!fd_) {
      if (const auto ready = prepare(); !ready) return tl::unexpected(ready.error());
      observed_ = clock_ns(CLOCK_REALTIME_COARSE);
      sink.restart();
    }
    if (const int error = read_some(sink, at_most); error != 0) {
      return failed(error == EAGAIN ? ReadErrorKind::kUnstable : ReadErrorKind::kUnreadable, error);
    }
    if (done_ < before_.size) return std::nullopt;
    return finish(sink);
  }

 private:
  /// What vouches for what is read.
  enum class Footing {
    kQuiet,      ///< old stamps
    kLease,      ///< a lease
    kWeakLease,  ///< a lease that does not see every writer, and stamps
    kRefused,    ///< no lease: a writer has the file open
    kNoLeases,   ///< no lease can be had
  };

  static Footing footing_of(ReadLease::Answer answer) {
    switch (answer) {
      case ReadLease::Answer::kHeld:
        return Footing::kLease;
      case ReadLease::Answer::kHeldHere:
        return Footing::kWeakLease;
      case ReadLease::Answer::kWriterThere:
        return Footing::kRefused;
      case ReadLease::Answer::kNotAllowed:
        break;
    }
    return Footing::kNoLeases;
  }

  /// Opens the file, and waits until it may be read.
  tl::expected<void, StableReadError> prepare() {
    auto opened =
        root_.open_at(path_, O_RDONLY | O_NONBLOCK | O_NOCTTY, os::Beneath::Links::kRefuse);
    if (!opened) return failed(kind_of_error(opened.error()), opened.error());
    fd_ = std::move(*opened);
    while (true) {
      if (auto looked = look(); !looked) return looked;
      const milliseconds wait = needed_wait();
      if (wait <= milliseconds::zero()) return {};
      lease_.give_back();
      if (tools_.patience.sleep(wait)) continue;
      // A lease vouches for a fresh file too.
      if (footing_ != Footing::kLease) return failed(ReadErrorKind::kUnstable);
      patient_ = false;
    }
  }

  tl::expected<void, StableReadError> look() {
    auto seen = see();
    footing_ = Footing::kQuiet;
    if (!seen || !needs_lease()) return seen;
    footing_ = footing_of(lease_.take(fd_.get()));
    if (footing_ == Footing::kRefused) ++tools_.counters.refused;
    // With a lease, what is seen now is still so when the bytes are read.
    return see();
  }

  tl::expected<void, StableReadError> see() {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return failed(ReadErrorKind::kUnreadable, errno);
    if (!S_ISREG(status.st_mode)) return failed(ReadErrorKind::kNotRegular);
    const FileStamp seen = FileStamp::of(status);
    if (seen != before_) unchanged_since_ = steady_clock::now();
    before_ = seen;
    executable_ = is_executable(status);
    return {};
  }

  [[nodiscard]] bool needs_lease() const {
    return tools_.always_lease || before_.size > kSmallBytes ||
           age_of(before_) < std::max(limits_.open_for_writing, limits_.settle);
  }

  milliseconds needed_wait() {
    if (footing_ == Footing::kQuiet) return milliseconds::zero();
    if (footing_ == Footing::kLease) return patient_ ? rest_of_settle() : milliseconds::zero();
    const bool is_open = footing_ == Footing::kRefused;
    const milliseconds needed =
        is_open ? std::max(limits_.open_for_writing, limits_.settle) : limits_.unleased;
    const milliseconds quiet = quiet_for();
    if (quiet >= needed) return milliseconds::zero();
    return std::max(kShortest, is_open ? next_look(needed - quiet) : needed - quiet);
  }

  [[nodiscard]] milliseconds rest_of_settle() const {
    const milliseconds age{(clock_ns(CLOCK_REALTIME) - before_.modified_ns) / 1'000'000};
    const bool is_fresh = age >= milliseconds::zero() && age < limits_.settle;
    return is_fresh ? std::max(kShortest, limits_.settle - age) : milliseconds::zero();
  }

  /// Its writer may be finished any moment.
  milliseconds next_look(milliseconds at_most) {
    const milliseconds wait = std::min(look_, at_most);
    look_ = std::min(2 * look_, kLastLook);
    return wait;
  }

  /// Seen by us, or told by its stamps, which may be those of another clock.
  [[nodiscard]] milliseconds quiet_for() const {
    const auto seen = steady_clock::now() - unchanged_since_;
    return std::max(age_of(before_), std::chrono::duration_cast<milliseconds>(seen));
  }

  Read finish(const ByteSink& sink) {
    lease_.give_back();
    if (sink.finished) sink.finished();
    struct stat after{};
    if (::fstat(fd_.get(), &after) != 0) return failed(ReadErrorKind::kUnreadable, errno);
    if (FileStamp::of(after) != before_ || !is_still_named()) {
      return failed(ReadErrorKind::kUnstable);
    }
    count_taken();
    return StableRead{.stamp = before_, .observed_ns = observed_, .executable = executable_};
  }

  void count_taken() const {
    ReadCounters& counters = tools_.counters;
    if (footing_ == Footing::kLease) ++counters.leased;
    if (footing_ == Footing::kQuiet) ++counters.quiet;
    if (footing_ == Footing::kRefused) ++counters.left_open;
    if (footing_ != Footing::kLease && footing_ != Footing::kQuiet) ++counters.unleased;
  }

  /// An errno; EAGAIN if the file became shorter or somebody wants to write. That a file without
  /// lease grew is seen afterwards.
  [[nodiscard]] int read_some(const ByteSink& sink, std::uint64_t at_most) {
    thread_local const auto block = std::make_unique<std::array<char, kReadBlockBytes>>();
    const std::uint64_t end = before_.size - done_ > at_most ? done_ + at_most : before_.size;
    while (done_ < end) {
      const ssize_t count = ::read(fd_.get(), block->data(), block->size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        root_.note(errno);
        return errno == EAGAIN ? EIO : errno;
      }
      if (count == 0) return EAGAIN;
      os::beat();
      done_ += static_cast<std::uint64_t>(count);
      sink.bytes({block->data(), static_cast<std::size_t>(count)});
      if (lease_.is_taken() && !lease_.is_undisturbed()) return give_up();
    }
    return 0;
  }

  int give_up() {
    lease_.give_back();
    ++tools_.counters.broken;
    return EAGAIN;
  }

  /// Only compares: where links on the way may lead does not matter.
  [[nodiscard]] bool is_still_named() const {
    struct stat status{};
    const bool found = ::fstatat(root_.fd(), path_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    return found ? FileStamp::of(status).same_file(before_) : errno == ENAMETOOLONG;
  }

  const os::Beneath& root_;
  const std::string& path_;
  const ReadTools& tools_;
  const ReadLimits& limits_;
  os::UniqueFd fd_;
  ReadLease lease_;  // given back before the file is closed
  Footing footing_ = Footing::kQuiet;
  FileStamp before_;
  steady_clock::time_point unchanged_since_;
  milliseconds look_ = kFirstLook;
  bool patient_ = true;
  bool executable_ = false;
  std::int64_t observed_ = 0;
  std::uint64_t done_ = 0;
};

StableReader::StableReader(const os::Beneath& root, const std::string& path, const ReadTools& tools)
    : attempt_(std::make_unique<Attempt>(root, path, tools)) {}

StableReader::~StableReader() = default;

std::optional<StableReader::Result> StableReader::step(const ByteSink& sink,
                                                       std::uint64_t at_most) {
  return attempt_->step(sink, at_most);
}

bool Patience::sleep(milliseconds wait) {
  const milliseconds granted = std::min(wait, milliseconds{left_.fetch_sub(wait.count())});
  if (granted <= milliseconds::zero()) return false;
  std::this_thread::sleep_for(granted);
  os::beat();
  return true;
}

Read read_stable(const os::Beneath& root, const std::string& path, const ReadTools& tools,
                 const ByteSink& sink) {
  Read result = failed(ReadErrorKind::kUnstable);
  milliseconds pause = kFirstPause;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
    result = StableReader(root, path, tools).step(sink, kAll).value_or(result);
    if (result || result.error().kind != ReadErrorKind::kUnstable) return result;
    if (!tools.patience.sleep(pause)) break;
    pause *= 2;
  }
  ++tools.counters.unstable;
  return result;
}

}  // namespace sessync::workspace
