#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/os/sha256.h"
#include "daemon/workspace/read/file_stamp.h"
#include "reconciler/ports/suspected_secret.h"

namespace sessync::workspace {

/// What was read of a file: which content it is, and what was found in it.
struct FileContent {
  os::Sha256 digest{};
  std::optional<ports::SuspectedSecret> secret{};  ///< see SecretScan
  friend bool operator==(const FileContent&, const FileContent&) = default;
};

/// What the digest of a file was, and how the file looked when it was read.
struct DigestEntry {
  std::string path;  ///< below the workspace; raw bytes
  FileStamp stamp;
  os::Sha256 digest{};
  std::int64_t first_seen_ns = 0;  ///< wall clock (coarse) when this stamp was first hashed
  bool trusted = false;            ///< false: read so soon after a change that it is read once more
  std::uint64_t patterns = 0;      ///< kSecretPatterns of who looked for secrets in it; 0: nobody
  std::uint64_t secret_kind = 0;   ///< what was found, a ports::SecretKind; 0: nothing
  std::uint64_t secret_line = 0;   ///< and where
  friend bool operator==(const DigestEntry&, const DigestEntry&) = default;
};

/// Digests of files that have not changed since they were read. Safe to use from many threads.
///
/// A digest counts only if device, inode, size, mtime and ctime are all as they were. One that was
/// taken less than two seconds after the file's last change is not trusted (git's racy rule: a
/// second write within the same clock tick leaves the same stamp): the file is read again at the
/// next pass, until one reading was late enough. Nor does one count if nobody has looked for
/// secrets in the content with the patterns of this version. An empty cache is always a right
/// cache.
class DigestCache {
 public:
  /// What a store has to write to equal this cache.
  struct Changes {
    std::vector<DigestEntry> put;
    std::vector<std::string> removed;
    [[nodiscard]] bool empty() const { return put.empty() && removed.empty(); }
  };

  DigestCache() = default;
  /// With what a store kept of an earlier cache.
  explicit DigestCache(std::vector<DigestEntry> entries);

  [[nodiscard]] std::optional<FileContent> find(std::string_view path, const FileStamp& stamp);

  /// `observed_ns`: CLOCK_REALTIME_COARSE (the clock of file stamps) just before the file was read.
  void put(const std::string& path, const FileStamp& stamp, const FileContent& content,
           std::int64_t observed_ns);

  /// Drops what was neither found nor put since the last call: files that are gone.
  void forget_unused();

  [[nodiscard]] std::vector<DigestEntry> entries() const;  ///< sorted by path

  /// The changes since the last call (since construction at first), sorted by path.
  [[nodiscard]] Changes take_changes();

 private:
  struct Known {
    FileStamp stamp;
    FileContent content;
    std::int64_t first_seen_ns = 0;
    bool trusted = false;
    bool used = true;
  };
  struct PathHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
    std::size_t operator()(std::string_view path) const {
      return std::hash<std::string_view>{}(path);
    }
  };
  static DigestEntry entry(const std::string& path, const Known& known);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Known, PathHash, std::equal_to<>> known_;
  std::unordered_set<const std::string*> changed_;  // keys of known_
  std::vector<std::string> removed_;
};

}  // namespace sessync::workspace
