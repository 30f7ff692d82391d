#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "daemon/workspace/beneath.h"
#include "daemon/workspace/file_stamp.h"

namespace sessync {

/// How long one scan may wait, in all, for files that are being written. Shared by its threads.
class Patience {
 public:
  explicit Patience(std::chrono::milliseconds settle, std::chrono::milliseconds budget)
      : settle_(settle), left_(budget.count()) {}
  [[nodiscard]] std::chrono::milliseconds settle() const { return settle_; }
  /// Sleeps for `wait`, or for what is left. False: nothing is left.
  bool sleep(std::chrono::milliseconds wait);

 private:
  std::chrono::milliseconds settle_;
  std::atomic<std::int64_t> left_;
};

inline constexpr std::chrono::milliseconds kScanPatience{2000};

struct StableReadError {
  enum class Kind { kVanished, kNotRegular, kUnreadable, kUnstable };
  Kind kind = Kind::kUnreadable;
  int error = 0;
};

/// The result of a read that nobody disturbed.
struct StableRead {
  FileStamp stamp;
  std::int64_t observed_ns = 0;  ///< coarse wall clock before the first byte was read
  bool executable = false;
};

/// Receives the bytes of one file, possibly several times from the beginning.
struct ByteSink {
  std::function<void()> restart;
  std::function<void(std::span<const char>)> bytes;
  std::function<void()> finished;  ///< all bytes are read; the file is not looked at again yet
};

/// Reads all of the regular file at `path` (below the root, no symlink on the way) into `sink` such
/// that what arrived is what the file held at one instant: waits while it is fresh or open for
/// writing (as far as patience goes), compares size, mtime, ctime and the file that the path names
/// before and after, and begins again if they differ, a few times. Memory use does not depend on
/// the file's size.
tl::expected<StableRead, StableReadError> read_stable(const Beneath& root, const std::string& path,
                                                      Patience& patience, const ByteSink& sink);

}  // namespace sessync
