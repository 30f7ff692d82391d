// T6: how long a program waits that opens a file for writing while sessync hashes it:
// blocked DIRECTORY MIB OPENS
//
// Prints the times that open(2) took, in microseconds. Fails if they are out of all proportion, and
// if the file could not be read once the writers were gone.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "daemon/os/sha256.h"
#include "daemon/os/unique_fd.h"
#include "daemon/workspace/read/stable_read.h"

namespace sessync::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The target is 5 ms for the 99th percentile, which only an idle machine keeps. On any machine
/// half of the writers wait for a small part of what hashing the file takes: would they wait for
/// its end, it were half of that.
constexpr int kSmallPart = 10;

/// Hashes the file over and over, as the scanner does.
class Hasher {
 public:
  Hasher(const std::string& directory, std::string name)
      : root_(os::Beneath::open(directory).value()), name_(std::move(name)) {}

  bool hash() {
    workspace::Patience none({.settle = milliseconds{0}}, milliseconds{0});
    os::Sha256Stream digest;
    const workspace::ByteSink sink{.restart = [&] { digest.restart(); },
                                   .bytes =
                                       [&](std::span<const char> part) {
                                         digest.update(part);
                                         bytes_ += part.size();
                                       },
                                   .finished = {}};
    return workspace::read_stable(root_, name_, {none, counters_, false}, sink).has_value();
  }

  void run(const std::atomic<bool>& stop) {
    while (!stop) hash();
  }

  [[nodiscard]] const workspace::ReadCounters& counters() const { return counters_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  os::Beneath root_;
  std::string name_;
  workspace::ReadCounters counters_;
  std::atomic<std::uint64_t> bytes_{0};
};

void make_file(const std::string& path, std::uint64_t size) {
  const os::UniqueFd fd(::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644));
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) throw std::runtime_error("ftruncate");
}

/// The time that one open takes while the file is being read.
microseconds open_while_read(const std::string& path, const Hasher& hasher) {
  const std::uint64_t before = hasher.bytes();
  while (hasher.bytes() == before) std::this_thread::yield();
  const auto begin = Clock::now();
  const os::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const auto took = Clock::now() - begin;
  if (!fd) throw std::runtime_error("the file cannot be opened for writing");
  return std::chrono::duration_cast<microseconds>(took);
}

microseconds percentile(const std::vector<microseconds>& sorted, std::size_t percent) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

bool report(std::vector<microseconds> waits, const Hasher& hasher, microseconds whole) {
  std::ranges::sort(waits);
  const microseconds late = percentile(waits, 99);
  std::cout << "a writer's open() of a file that is being hashed, " << waits.size()
            << " times: p50 " << percentile(waits, 50).count() << " us, p99 " << late.count()
            << " us, worst " << waits.back().count() << " us; " << hasher.counters().broken
            << " reads were given up for it; a whole one takes " << whole.count() << " us\n";
  const bool is_read = whole > microseconds::zero();
  const bool is_short = percentile(waits, 50) * kSmallPart < whole;
  if (!is_read) std::cout << "FAILED: the file cannot be read afterwards\n";
  if (is_read && !is_short) std::cout << "FAILED: writers wait too long\n";
  if (hasher.counters().broken == 0) std::cout << "FAILED: no open met a read\n";
  return is_read && is_short && hasher.counters().broken > 0;
}

bool test(const std::string& directory, std::uint64_t size, std::size_t opens) {
  const std::string path = directory + "/big";
  make_file(path, size);
  Hasher hasher(directory, "big");
  std::atomic<bool> stop{false};
  std::vector<microseconds> waits;
  waits.reserve(opens);
  {
    const std::jthread reading([&] { hasher.run(stop); });
    while (waits.size() < opens) waits.push_back(open_while_read(path, hasher));
    stop = true;
  }
  const auto begin = Clock::now();
  const bool is_read = hasher.hash();
  const auto took = std::chrono::duration_cast<microseconds>(Clock::now() - begin);
  std::filesystem::remove(path);
  return report(std::move(waits), hasher, is_read ? took : microseconds::zero());
}

}  // namespace
}  // namespace sessync::test

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() != 3) {
    std::cerr << "usage: blocked DIRECTORY MIB OPENS\n";
    return 64;
  }
  return sessync::test::test(args[0], std::stoull(args[1]) << 20U, std::stoull(args[2])) ? 0 : 1;
}
