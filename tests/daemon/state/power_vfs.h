#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sessync {

/// One thing that SQLite did to a file of the state directory.
struct DiskEvent {
  enum class Kind { kCreate, kWrite, kTruncate, kSync, kDelete, kReported };
  Kind kind = Kind::kWrite;
  std::string file;        ///< its name in the directory
  std::int64_t at = 0;     ///< offset, new size, or what was reported
  std::string bytes;       ///< written
  bool syncs_dir = false;  ///< the directory is synced as well
};

/// As long as it lives, SQLite's default file system: the real one, with everything that changes it
/// written down. One at a time.
class DiskRecorder {
 public:
  DiskRecorder();
  DiskRecorder(const DiskRecorder&) = delete;
  DiskRecorder& operator=(const DiskRecorder&) = delete;
  ~DiskRecorder();

  /// Notes that commit `number` was reported durable; from any thread.
  static void report(std::int64_t number);
  [[nodiscard]] static std::vector<DiskEvent> events();
};

}  // namespace sessync
