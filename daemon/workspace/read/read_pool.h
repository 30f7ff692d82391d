#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/os/thread.h"
#include "daemon/workspace/read/file_digest.h"

namespace sessync::workspace {

/// A file whose content is asked for, as it looked.
struct FileToRead {
  std::string path;  ///< below the root
  FileStamp stamp;
};

/// Where large files are read and hashed: on a few threads of its own and a piece at a time, so
/// that a file of any size keeps nothing else waiting. The sessions take turns; of one session the
/// smallest file comes first. What scans have to read beside takes turns with that. Any thread.
class ReadPool {
 public:
  static constexpr std::size_t kThreads = 2;
  /// Smaller files are read by the scan that meets them.
  static constexpr std::uint64_t kLarge = std::uint64_t{32} << 20U;

  /// `read` reads the next piece of a file, and says what came out once it is read; see
  /// make_digest_task.
  explicit ReadPool(DigestTaskFactory make_task);
  ReadPool(const ReadPool&) = delete;
  ReadPool& operator=(const ReadPool&) = delete;
  /// What is being read is given up.
  ~ReadPool() = default;

  /// How long read() waits, and who is told when a file is read for which nobody waits any more: by
  /// its session's name, on a thread of the pool. Without a call of this it waits to the end. Whom
  /// an earlier call named is not being told any more when this returns.
  void read_beside(std::chrono::milliseconds patience,
                   std::function<void(const std::string& session)> when_read);

  /// Who wants the files, and which directory their paths are below.
  struct Asker {
    std::string session;
    std::string root;
    bool waits = true;  ///< false: as if its patience had come to an end
  };
  /// The digests of these files, in their order; kUnread where it takes longer. What is not read to
  /// its end goes on being read, until keep_only() says that it is not wanted any more.
  std::vector<DigestResult> read(const Asker& asker, std::span<const FileToRead> files);

  /// Of the files that the session asked for, only these (with their root) are still wanted.
  using Wanted = std::set<std::pair<std::string, std::string>>;
  void keep_only(const std::string& session, const Wanted& files);

  /// Of work of which each takes what is left: does some of it, no more than a piece; false:
  /// nothing is left.
  using Slice = std::function<bool()>;
  /// Runs `slice` on a thread of the pool as well, again and again, whenever that has a turn for it
  /// before `own` has come to its end; returns when both have.
  void run_beside(const std::function<void()>& own, const Slice& slice);

  /// Whether passes go on without what takes long to read: read_beside() was called.
  [[nodiscard]] bool reads_beside() const;
  /// Tells that the session has more to read than one pass may, as if a file of it had been read.
  void remind(const std::string& session);

  /// From now on nothing is read, and nobody waits.
  void stop();
  [[nodiscard]] bool stopped() const;

 private:
  struct Job;
  struct Help;
  using Key = std::pair<std::string, std::string>;  ///< root and path
  using JobPtr = std::shared_ptr<Job>;

  void end();
  void work();
  bool help(std::unique_lock<std::mutex>& lock);
  bool advance(std::unique_lock<std::mutex>& lock);
  [[nodiscard]] JobPtr next();
  void advance(const JobPtr& job, std::unique_lock<std::mutex>& lock);
  void tell(const std::set<std::string>& sessions, std::unique_lock<std::mutex>& lock);
  JobPtr ask(const std::string& session, const Key& key, const FileStamp& stamp);
  void wait(std::unique_lock<std::mutex>& lock, std::span<const JobPtr> jobs,
            std::chrono::milliseconds patience);
  DigestResult take(const std::string& session, const Key& key, const JobPtr& job);
  void leave(const std::string& session, const Key& key);

  const DigestTaskFactory make_task_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable read_;
  std::map<Key, JobPtr> jobs_;
  std::deque<std::shared_ptr<Help>> helps_;
  std::multiset<std::string> waiting_;  ///< sessions
  std::string last_turn_;
  std::optional<std::chrono::milliseconds> patience_;
  std::function<void(const std::string&)> when_read_;
  int telling_ = 0;
  bool stopped_ = false;
  bool over_ = false;
  os::ThreadGroup threads_;  ///< last: they use the rest
};

}  // namespace sessync::workspace
