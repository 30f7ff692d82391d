#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "daemon/os/beneath.h"
#include "daemon/workspace/read/file_stamp.h"

namespace sessync::workspace {

/// How long a file must have been left alone before it is read.
struct ReadLimits {
  /// Any file: programs often write a file in several steps, closing it in between.
  std::chrono::milliseconds settle{50};
  /// A file on which no lease can be had: only its stamps tell of a writer.
  std::chrono::milliseconds unleased{200};
  /// A file that a program has open for writing. A program that pauses for less is not finished; a
  /// log that is kept open for days is mirrored whenever it is silent for this long.
  std::chrono::milliseconds open_for_writing{10'000};
};

/// How long one scan may wait, in all, for files that are being written. Shared by its threads.
class Patience {
 public:
  Patience(const ReadLimits& limits, std::chrono::milliseconds budget)
      : limits_(limits), left_(budget.count()) {}
  [[nodiscard]] const ReadLimits& limits() const { return limits_; }
  /// Sleeps for `wait`, or for what is left. False: nothing is left.
  bool sleep(std::chrono::milliseconds wait);

 private:
  ReadLimits limits_;
  std::atomic<std::int64_t> left_;
};

inline constexpr std::chrono::milliseconds kScanPatience{2000};

/// What became of the reads of one scanner.
struct ReadCounters {
  std::atomic<std::uint64_t> leased{0};     ///< taken, with a lease held all the time
  std::atomic<std::uint64_t> quiet{0};      ///< taken without asking for one: left alone for long
  std::atomic<std::uint64_t> unleased{0};   ///< taken, but only stamps vouch for them
  std::atomic<std::uint64_t> left_open{0};  ///< of those: open for writing, but left alone
  std::atomic<std::uint64_t> refused{0};    ///< a lease was refused: a writer has the file open
  std::atomic<std::uint64_t> broken{0};     ///< begun with a lease, and given up for a writer
  std::atomic<std::uint64_t> unstable{0};   ///< not taken in the end
};

struct StableReadError {
  enum class Kind {
    kVanished,
    kNotRegular,
    kUnreadable,
    kUnstable,
    kUnread,  ///< not read to its end yet; see ReadPool
  };
  Kind kind = Kind::kUnreadable;
  int error = 0;
  std::uint64_t done = 0;  ///< bytes of what is kUnread that were read already
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

/// How one scan reads.
struct ReadTools {
  Patience& patience;
  ReadCounters& counters;
  bool always_lease = false;
};

/// One try to read a file as read_stable() does, in pieces. While it is under way a lease may be
/// held, which is looked at with each piece: take the next one soon.
class StableReader {
 public:
  using Result = tl::expected<StableRead, StableReadError>;

  /// All of them must outlive this.
  StableReader(const os::Beneath& root, const std::string& path, const ReadTools& tools);
  StableReader(const StableReader&) = delete;
  StableReader& operator=(const StableReader&) = delete;
  ~StableReader();

  /// Reads at most so many bytes more, rounded up to a block. Nothing: there are more.
  std::optional<Result> step(const ByteSink& sink, std::uint64_t at_most);

 private:
  class Attempt;
  std::unique_ptr<Attempt> attempt_;
};

/// Reads all of the regular file at `path` (below the root, no symlink on the way) into `sink` such
/// that what arrived is what the file held at one instant. Memory use does not depend on its size.
///
/// - A read lease is held while the bytes are read. It is refused while a program has the file open
///   for writing: then the file is waited for, as far as patience goes. A writer that comes while
///   it is read gets the file at once (within the time that one block takes); what was read is
///   thrown away, and the read repeated later.
/// - Where no lease can be had (network file systems; files of another user without CAP_LEASE), or
///   where it does not see every writer (overlays, FUSE), the file must have been left alone for
///   `limits.unleased`. Half a file whose writer pauses longer
///   than that cannot be told from a whole one there.
/// - A file that stays open for writing is taken without a lease once it was left alone for
///   `limits.open_for_writing`. Stores through a mapping do not always count as a change at once.
/// - A small file that was left alone for that long anyway is read without asking for a lease,
/// which
///   costs as much as hashing it: whatever the answer, the file would be taken, and a write during
///   the read cannot give it the old stamps again. `always_lease` asks all the same.
/// - In all cases size, mtime, ctime and the file that the path names must be the same before and
///   after, or the read begins again, a few times.
///
/// What cannot be had that way is kUnstable: it is never taken anyway. Half a file that its writer
/// closed, or was killed over, is that file's content: nothing tells it from a whole one.
tl::expected<StableRead, StableReadError> read_stable(const os::Beneath& root,
                                                      const std::string& path,
                                                      const ReadTools& tools, const ByteSink& sink);

}  // namespace sessync::workspace
