#include "tests/reads/writer.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/reads/generation.h"

namespace sessync::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// The child of a process with threads: system calls only, and memory that was there before.
std::array<std::uint64_t, kFileWords> prepared{};  // NOLINT: static storage is the point

void rest(microseconds time) {
  const timespec wait{.tv_sec = time.count() / 1'000'000,
                      .tv_nsec = time.count() % 1'000'000 * 1'000};
  if (time > microseconds::zero()) ::clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, nullptr);
}

void store(int fd, std::uint64_t* map, std::size_t at, std::size_t size) {
  const auto* from = prepared.data() + at / sizeof(std::uint64_t);
  if (map != nullptr) {
    std::copy_n(from, size / sizeof(std::uint64_t), map + at / sizeof(std::uint64_t));
  } else if (::pwrite(fd, from, size, static_cast<off_t>(at)) != static_cast<ssize_t>(size)) {
    ::_exit(3);
  }
}

/// The mapping outlives the descriptor, as it does in programs.
std::uint64_t* map_of(int fd) {
  void* const map = ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) ::_exit(4);
  ::close(fd);
  return static_cast<std::uint64_t*>(map);
}

void write_once(const WriterKind& kind, const char* path, std::uint64_t generation) {
  fill(prepared, generation, 0);
  const bool maps = kind.way == WriterKind::Way::kMap;
  const bool truncates = kind.way == WriterKind::Way::kTruncate;
  const int fd = ::open(path, O_RDWR | (truncates ? O_TRUNC : 0));
  if (fd < 0) ::_exit(2);
  std::uint64_t* const map = maps ? map_of(fd) : nullptr;
  for (std::size_t at = 0; at < kFileBytes; at += kind.piece) {
    if (at > 0) rest(kind.pause);
    store(fd, map, at, kind.piece);
  }
  if (map != nullptr) {
    ::munmap(map, kFileBytes);
  } else {
    ::close(fd);
  }
}

/// See tests/lib/seed.sh.
unsigned long seed() {
  const char* const said = std::getenv("SESSYNC_SEED");
  return said == nullptr ? 1 : std::stoul(said);
}

}  // namespace

std::vector<WriterKind> writer_kinds() {
  using Way = WriterKind::Way;
  constexpr std::size_t kQuarter = kFileBytes / 4;
  constexpr std::size_t kSixteenth = kFileBytes / 16;
  return {
      {"write(2), 64 KiB pieces", Way::kWrite, kSixteenth, microseconds{0}, microseconds{300}},
      {"O_TRUNC and write(2)", Way::kTruncate, kSixteenth, microseconds{0}, microseconds{300}},
      {"mmap, closed at once", Way::kMap, kSixteenth, microseconds{0}, microseconds{300}},
      {"pauses of 5 ms", Way::kWrite, kQuarter, milliseconds{5}, milliseconds{5}},
      {"pauses of 30 ms", Way::kWrite, kQuarter, milliseconds{30}, milliseconds{30}},
      {"pauses of 150 ms", Way::kWrite, kQuarter, milliseconds{150}, milliseconds{50}},
      {"mmap, pauses of 30 ms", Way::kMap, kQuarter, milliseconds{30}, milliseconds{30}},
      {"pauses of 400 ms", Way::kWrite, kFileBytes / 2, milliseconds{400}, milliseconds{400}},
      {"killed midway", Way::kWrite, kSixteenth, microseconds{100}, microseconds{300}, true},
  };
}

Writer::Writer(const WriterKind& kind, std::string path) : kind_(kind), path_(std::move(path)) {
  start(2);
  if (kind.killed) killer_ = std::thread([this] { kill_again_and_again(); });
}

void Writer::start(std::uint64_t generation) {
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ < 0) throw std::runtime_error("fork failed");
  if (child_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  while (true) {
    write_once(kind_, path_.c_str(), generation++);
    rest(kind_.idle);
  }
}

void Writer::kill_and_reap() {
  if (child_ < 0) return;
  ::kill(child_, SIGKILL);
  int status = 0;
  ::waitpid(child_, &status, 0);
  child_ = -1;
  const bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!was_killed) throw std::runtime_error("the writer could not write");
}

/// Nobody writes between two of them: what a reader finds there was left behind.
void Writer::kill_again_and_again() {
  std::mt19937 random(seed());
  std::uniform_int_distribution<int> life_us(300, 6'000);
  for (std::uint64_t generation = 1'000'000; !stop_; generation += 1'000'000) {
    std::this_thread::sleep_for(microseconds{life_us(random)});
    kill_and_reap();
    std::ifstream file(path_, std::ios::binary);
    remains_.insert(hash_of({std::istreambuf_iterator<char>(file), {}}));
    std::this_thread::sleep_for(milliseconds{1});
    start(generation);
  }
}

void Writer::stop() {
  stop_ = true;
  if (killer_.joinable()) killer_.join();
  kill_and_reap();
}

std::size_t Writer::hash_of(const std::string& bytes) { return std::hash<std::string>{}(bytes); }

}  // namespace sessync::test
