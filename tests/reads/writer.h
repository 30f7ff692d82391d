#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace sessync::test {

/// How a program rewrites a file, generation after generation, for ever.
struct WriterKind {
  enum class Way { kWrite, kTruncate, kMap };
  const char* name = "";
  Way way = Way::kWrite;
  std::size_t piece = 64U << 10U;      ///< bytes between two pauses
  std::chrono::microseconds pause{0};  ///< with the file open
  std::chrono::microseconds idle{0};   ///< with the file closed and whole
  bool killed = false;                 ///< again and again, wherever it is
};

std::vector<WriterKind> writer_kinds();

/// A process that writes; it is gone when this is. A writer that is killed midway leaves half a
/// generation, which then is the file's content until the next one comes: the remains.
class Writer {
 public:
  Writer(const WriterKind& kind, std::string path);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { stop(); }

  void stop();
  /// What killed writers left behind, by hash; complete once it is stopped.
  [[nodiscard]] const std::set<std::size_t>& remains() const { return remains_; }

  static std::size_t hash_of(const std::string& bytes);

 private:
  void start(std::uint64_t generation);
  void kill_and_reap();
  void kill_again_and_again();

  WriterKind kind_;
  std::string path_;
  pid_t child_ = -1;
  std::atomic<bool> stop_{false};
  std::set<std::size_t> remains_;
  std::thread killer_;
};

}  // namespace sessync::test
