#include "tests/reads/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sessync::test {
namespace {

using std::chrono::milliseconds;

workspace::FileStamp stamp_of(int fd) {
  struct stat status{};
  return fd >= 0 && ::fstat(fd, &status) == 0 ? workspace::FileStamp::of(status)
                                              : workspace::FileStamp{};
}

void read_to_end(int fd, std::string& bytes) {
  constexpr std::size_t kBlock = 128U << 10U;
  bytes.clear();
  while (true) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kBlock);
    const ssize_t count = ::read(fd, bytes.data() + before, kBlock);
    bytes.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count <= 0) return;
  }
}

/// glibc's own sets the user of all threads.
void become(uid_t user) {
  ::syscall(SYS_setresuid, static_cast<uid_t>(-1), user, static_cast<uid_t>(-1));
}

}  // namespace

const char* name_of(Policy policy) {
  switch (policy) {
    case Policy::kNaive:
      return "naive";
    case Policy::kBracket:
      return "stat bracket";
    case Policy::kUnleased:
      return "sessync without lease";
    case Policy::kLeased:
      return "sessync";
  }
  return "";
}

Reader::Reader(const std::string& directory, std::string name)
    : root_(os::Beneath::open(directory).value()), name_(std::move(name)) {}

bool Reader::read(Policy policy) {
  if (policy == Policy::kLeased) return read_stably(patience);
  if (policy == Policy::kUnleased) {
    const SomebodyElse reader;
    return read_stably(milliseconds{500});
  }
  return read_simply(policy == Policy::kBracket);
}

bool Reader::read_simply(bool bracket) {
  const os::UniqueFd fd(::openat(root_.fd(), name_.c_str(), O_RDONLY | O_CLOEXEC));
  const workspace::FileStamp before = stamp_of(fd.get());
  read_to_end(fd.get(), bytes_);
  return !bracket || before == stamp_of(fd.get());
}

/// The settle time is no part of what is tested: leases must do without.
bool Reader::read_stably(milliseconds longest) {
  workspace::Patience left({.settle = milliseconds{0}}, longest);
  const workspace::ByteSink sink{
      .restart = [this] { bytes_.clear(); },
      .bytes = [this](std::span<const char> part) { bytes_.append(part.data(), part.size()); },
      .finished = {}};
  return workspace::read_stable(root_, name_, {left, counters_, false}, sink).has_value();
}

SomebodyElse::SomebodyElse() { become(65534); }
SomebodyElse::~SomebodyElse() { become(0); }
bool SomebodyElse::possible() { return ::geteuid() == 0; }

}  // namespace sessync::test
