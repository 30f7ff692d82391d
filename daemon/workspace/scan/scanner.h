#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/workspace/read/digest_cache.h"
#include "daemon/workspace/read/file_digester.h"
#include "daemon/workspace/scan/ignore_files.h"
#include "daemon/workspace/scan/own_secrets.h"
#include "daemon/workspace/scan/tree_walk.h"
#include "manifest/spec.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::workspace {

/// What one pass wants to know of the workspace.
struct ScanRequest {
  std::string workspace;               ///< may be, or lie behind, a symlink
  std::vector<std::string> manifests;  ///< manifest files or directories: never mirrored
  std::span<const manifest::ResourceSpec> resources;
  std::string session{};  ///< whose pass it is: sessions take turns at reading
  std::uint64_t max_file_size = std::numeric_limits<std::uint64_t>::max();
  std::shared_ptr<const SecretPlaces> secrets{};  ///< never mirrored; null: there are none
  /// What the session may hold. Of a directory that selects twice as many, only their number is
  /// told: nobody could add them all, and a tree of any size is to fit into memory.
  std::uint64_t max_files = std::numeric_limits<std::uint64_t>::max() / 2;
};

struct ScanOptions {
  /// A file changed less than this ago is still being written: it is waited for, but no more than
  /// two seconds in a whole scan. 0: not waited for.
  std::chrono::milliseconds settle{50};

  /// Called after the bytes of a file were read and before it is looked at again. For tests that
  /// change a file under the reader.
  std::function<void(const std::string& path)> after_read;

  /// For comparing paths with patterns, in one scan; and what one scan may read, see FileDigester.
  std::uint64_t matching_steps = kMatchingSteps;
  std::uint64_t share = FileDigester::kShare;

  /// As in ReadLimits. For tests that cannot wait.
  std::chrono::milliseconds unleased = ReadLimits{}.unleased;
  std::chrono::milliseconds open_for_writing = ReadLimits{}.open_for_writing;
};

/// Work done since the scanner was made.
struct ScanStatistics {
  std::uint64_t files_hashed = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t directories_read = 0;
};

/// Takes snapshots of the workspace. Safe to use from many threads at once.
class Scanner {
 public:
  explicit Scanner(DigestCache& cache, ScanOptions options = {});
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;
  ~Scanner() = default;

  /// Where large files are read.
  ReadPool& pool() { return pool_; }

  /// One snapshot per resource, in their order; entries that read no workspace get an empty
  /// SourceFiles. The workspace is resolved once: if it names another directory at the end than at
  /// the beginning (a swapped symlink, a removed checkout), the scan starts again, a few times at
  /// most. Never throws for what it finds on disk.
  ports::WorkspaceSnapshot scan(const ScanRequest& request);

  [[nodiscard]] ScanStatistics statistics() const;
  /// What became of the reads since the scanner was made; counts on while scans run.
  [[nodiscard]] const ReadCounters& reads() const { return counters_.reads; }

 private:
  ports::WorkspaceSnapshot scan_root(const ScanRequest& request, const std::string& path);

  DigestCache& cache_;
  ScanOptions options_;
  IgnoreFiles ignore_files_;
  OwnSecretsCache secrets_;
  ScanCounters counters_;
  RestlessFiles restless_;
  const DigestTools tools_;
  ReadPool pool_;  ///< last: its threads use the rest
};

}  // namespace sessync::workspace
