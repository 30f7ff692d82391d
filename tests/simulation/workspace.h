#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/workspace/read/digest_cache.h"
#include "manifest/spec.h"
#include "reconciler/ports/content_source.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::simulation {

/// A workspace in memory with the stamps of a file system. Scanned with the daemon's own digest
/// cache and filters, read with its own verifying reader; only the disk is simulated.
class Workspace : public ports::ContentSource {
 public:
  /// `tick`: how coarse the file system's clock is.
  explicit Workspace(ports::Duration tick) : tick_(tick) {}

  void set_time(ports::TimePoint now) { now_ = now; }

  /// Makes or overwrites, in place.
  void write(const std::string& path, std::string bytes);
  /// The first half of a write; until end_write() the file is open for writing.
  void begin_write(const std::string& path, std::string bytes);
  void end_write(const std::string& path);
  /// Sets mtime back to what it was, as `cp -p` and `touch -r` do.
  void write_with_old_mtime(const std::string& path, std::string bytes);
  void touch(const std::string& path);
  void rename(const std::string& from, const std::string& onto);
  void swap(const std::string& one, const std::string& other);
  void remove(const std::string& path);
  void make_directory(const std::string& path) { directories_.insert(path); }
  void remove_tree(const std::string& directory);

  void lose(const std::string& directory) { lost_.insert(directory); }
  void lock(const std::string& directory) { locked_.insert(directory); }
  /// Every lost and locked directory is there again, every write ends.
  void heal();

  [[nodiscard]] std::vector<std::string> paths() const;
  [[nodiscard]] bool is_being_written(const std::string& path) const;
  /// The file's bytes, if a scan can see it.
  [[nodiscard]] std::optional<std::string> bytes(const std::string& path) const;
  /// Every sha256 that the file at `path` ever had as a whole.
  [[nodiscard]] bool ever_held(const std::string& path, const std::string& sha256) const;

  /// Large files that are met for the first time are unread, unless it waits for them. Of a
  /// directory with twice as many files as the session may hold only their number is told.
  ports::WorkspaceSnapshot scan(const manifest::SessionSpec& spec, workspace::DigestCache& cache,
                                bool waits_for_reads);

  ports::Result<std::unique_ptr<ports::ContentReader>> open(
      const ports::ContentRef& content) override;

 private:
  struct File {
    std::string bytes;
    workspace::FileStamp stamp;
    std::optional<std::string> being_written;  ///< the whole, once it is
  };
  struct Scan;

  void store(const std::string& path, std::string bytes, bool in_place);
  void clear_way(const std::string& path);
  void remove_tree_below(const std::string& path);
  [[nodiscard]] ports::Result<std::unique_ptr<ports::ContentReader>> pack(
      const ports::ContentRef& content) const;
  void note(const std::string& path);
  [[nodiscard]] std::int64_t stamp_now() const;
  [[nodiscard]] bool is_lost(const std::string& path) const;
  [[nodiscard]] bool is_locked(const std::string& path) const;
  [[nodiscard]] bool directory_exists(const std::string& directory) const;

  ports::Duration tick_;
  ports::TimePoint now_{};
  std::uint64_t next_inode_ = 1;
  std::map<std::string, File> files_;
  std::set<std::string> directories_;  ///< also those with files
  std::set<std::string> lost_;
  std::set<std::string> locked_;
  std::map<std::string, std::set<std::string>> history_;
  /// Large files that the last scan met anew.
  std::map<std::string, workspace::FileStamp> being_read_;
};

/// True if `path` is `directory` ("": the root) or below it.
bool is_within(const std::string& path, const std::string& directory);

/// What an archive is packed into here.
std::string packed_bytes(const std::string& member_list_sha256);

}  // namespace sessync::simulation
