#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "daemon/workspace/read/digest_cache.h"
#include "daemon/workspace/read/file_digest.h"
#include "daemon/workspace/read/read_pool.h"
#include "daemon/workspace/read/restless_files.h"

namespace sessync::workspace {

/// Work done by the scans of one scanner.
struct ScanCounters {
  std::atomic<std::uint64_t> files_hashed{0};
  std::atomic<std::uint64_t> bytes_read{0};
  std::atomic<std::uint64_t> directories_read{0};
  ReadCounters reads;
};

/// Called after the bytes of a file were read and before it is looked at again.
using AfterRead = std::function<void(const std::string& path)>;

/// What reads of one scanner share.
struct DigestTools {
  DigestCache& cache;
  ScanCounters& counters;
  RestlessFiles& restless;
  const AfterRead& after_read;
};

/// Reads and hashes one large file, and remembers what came out. `path` is below `root`. Waits for
/// no writer.
std::unique_ptr<DigestTask> make_digest_task(const DigestTools& tools, const std::string& root,
                                             const std::string& path);

/// Reads and hashes the files of one scan, and remembers what came out.
class FileDigester {
 public:
  /// `share`: what it may read itself while passes go on without the rest, in bytes. What is left
  /// is kUnread, and the session is reminded of it when the scan ends: others have their turn
  /// first.
  FileDigester(const DigestTools& tools, ReadPool& pool, std::string session,
               std::uint64_t share = kShare)
      : tools_(tools),
        pool_(pool),
        session_(std::move(session)),
        share_(pool.reads_beside() ? share : std::numeric_limits<std::uint64_t>::max()) {}
  FileDigester(const FileDigester&) = delete;
  FileDigester& operator=(const FileDigester&) = delete;
  /// What this scan did not ask for is not wanted any more.
  ~FileDigester();

  static constexpr std::uint64_t kShare = std::uint64_t{1} << 30U;

  DigestResult digest(const os::Beneath& root, const FileToRead& file, Patience& patience);

  /// The results in the order of `files`: small ones are read first, the large ones by the pool.
  std::vector<DigestResult> digest_all(const os::Beneath& root, std::span<const FileToRead> files,
                                       Patience& patience);

 private:
  DigestResult digest_small(const os::Beneath& root, const std::string& path, Patience& patience);
  tl::expected<StableRead, StableReadError> read(const os::Beneath& root, const std::string& path,
                                                 Patience& patience, const ByteSink& sink);
  /// The small files of a scan, of which whoever has time takes the next.
  struct SmallFiles {
    const os::Beneath& root;
    std::span<const FileToRead> files;
    std::span<const std::size_t> order;  ///< which of them
    Patience& patience;
    std::vector<DigestResult>& results;
    std::atomic<std::size_t> next{0};
  };
  /// Until so many bytes were read; false: none is left.
  bool read_some(SmallFiles& small, std::uint64_t at_most);
  [[nodiscard]] bool may_read(const FileToRead& file);
  void digest_large(const os::Beneath& root, std::span<const FileToRead> files, Patience& patience,
                    std::span<const std::size_t> which, std::vector<DigestResult>& results);

  const DigestTools& tools_;
  ReadPool& pool_;
  std::string session_;
  ReadPool::Wanted asked_;
  bool waits_ = true;
  const std::uint64_t share_;
  std::atomic<std::uint64_t> spent_{0};
};

}  // namespace sessync::workspace
