#pragma once

#include <string>
#include <vector>

#include "daemon/workspace/read/stable_read.h"

namespace sessync::test {

/// How a program could read a file that another one writes.
enum class Policy {
  kNaive,     ///< open, read, close
  kBracket,   ///< and the same size, mtime and ctime before and after
  kUnleased,  ///< sessync, where no lease can be had
  kLeased,    ///< sessync
};

const char* name_of(Policy policy);

/// Reads one file again and again.
class Reader {
 public:
  /// `directory` must be resolved.
  Reader(const std::string& directory, std::string name);

  /// True if the policy takes what is in `bytes` now.
  bool read(Policy policy);
  /// How long one read may wait.
  std::chrono::milliseconds patience{0};
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] const workspace::ReadCounters& counters() const { return counters_; }

 private:
  bool read_simply(bool bracket);
  bool read_stably(std::chrono::milliseconds longest);

  os::Beneath root_;
  std::string name_;
  std::string bytes_;
  workspace::ReadCounters counters_;
};

/// The calling thread (no other) is a user that owns no file here, as long as this lives.
class SomebodyElse {
 public:
  SomebodyElse();
  SomebodyElse(const SomebodyElse&) = delete;
  SomebodyElse& operator=(const SomebodyElse&) = delete;
  ~SomebodyElse();
  /// Only root can be.
  static bool possible();
};

}  // namespace sessync::test
