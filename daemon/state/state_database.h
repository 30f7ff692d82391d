#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/state/memory_mirror.h"
#include "daemon/state/state_lock.h"
#include "daemon/state/suspension.h"
#include "daemon/workspace/digest_cache.h"
#include "reconciler/state_store.h"

namespace sessync {

class StateFile;
namespace sqlite {
class Connection;
}

/// The state of one state directory: `state.db`, and all of it but the digests in memory.
///
/// Safe to use from many threads. Reads are answered from memory and see every commit that was
/// submitted before them. One thread writes: all that was submitted while it wrote the last time
/// becomes one transaction (group commit). A transaction that fails leaves nothing on disk, is
/// taken back in memory, and does not keep later ones from succeeding. Only uploads stay known:
/// they were made, and forgetting them would make another one with each try on a full disk. The
/// next transaction writes them too.
class StateDatabase {
 public:
  using Durable = std::function<void(tl::expected<Done, StoreError>)>;

  /// Opens or creates the state of the directory that is locked. A damaged file is moved aside, and
  /// said in warnings(): the state is a cache. `now`: intents found there may have been sent just
  /// before the last process ended, so they are in doubt from now on.
  static tl::expected<std::unique_ptr<StateDatabase>, std::string> open(const StateLock& lock,
                                                                        TimePoint now);

  /// What is committed there at this moment, by a running daemon too. Takes no lock, creates and
  /// writes nothing; commits are refused. A directory without state is an empty state.
  static tl::expected<std::unique_ptr<StateDatabase>, std::string> open_read_only(
      const std::string& directory, TimePoint now);

  /// Nothing on disk; every commit is as durable as it will ever be.
  static std::unique_ptr<StateDatabase> in_memory();

  StateDatabase(const StateDatabase&) = delete;
  StateDatabase& operator=(const StateDatabase&) = delete;
  /// Writes what was submitted, then closes.
  ~StateDatabase();

  [[nodiscard]] SessionMemory load(const std::string& session_id) const;
  [[nodiscard]] std::optional<Upload> find_upload(const std::string& owner,
                                                  const std::string& sha256) const;
  [[nodiscard]] std::vector<Upload> uploads(const std::string& owner) const;
  [[nodiscard]] std::optional<CreationRecord> find_creation(const std::string& owner,
                                                            const std::string& name) const;
  [[nodiscard]] std::vector<std::string> sessions() const;
  [[nodiscard]] std::vector<CreationRecord> creations() const;

  /// `durable` runs once, on the writing thread (or inside the call, without one).
  void commit(std::vector<Change> changes, Durable durable);

  [[nodiscard]] std::map<std::string, Suspension> suspensions() const;
  /// Waits until it is durable. Nothing: the session is no longer suspended.
  tl::expected<Done, StoreError> set_suspension(const std::string& session,
                                                const std::optional<Suspension>& suspension);

  /// The digests that were saved; none if they cannot be read.
  [[nodiscard]] std::vector<DigestEntry> load_digests() const;
  /// Saves in the background, after every commit that waits. What is lost is only read again.
  void save_digests(DigestCache::Changes changes);

  /// Waits until everything submitted so far has been written, or has failed.
  void flush();

  /// What was wrong with the file when it was opened.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  /// Why the last write failed; nothing if it succeeded.
  [[nodiscard]] std::optional<StoreError> failure() const;

 private:
  enum class Kind { kOnDisk, kReadOnly, kInMemory };
  struct SuspensionChange {
    std::string session;
    std::optional<Suspension> suspension;
  };
  struct Job {
    std::variant<std::vector<Change>, SuspensionChange> what;
    Durable durable;
  };

  StateDatabase(Kind kind, std::unique_ptr<StateFile> file, MemoryMirror mirror);
  void submit(Job job);
  static void apply(MemoryMirror& mirror, const Job& job);
  void run();
  bool has_work() const { return !jobs_.empty() || !digests_.empty(); }
  void write_next(std::unique_lock<std::mutex>& lock);
  static void write(sqlite::Connection& to, const Job& job);
  void write_jobs(const std::vector<Job>& jobs);
  void take_back();
  void keep_uploads(const std::vector<Job>& jobs);
  void keep_upload(const Change& change);
  void note(const tl::expected<Done, StoreError>& outcome);

  const Kind kind_;
  std::vector<std::string> warnings_;
  std::unique_ptr<StateFile> file_;

  mutable std::mutex mutex_;  ///< of all that follows
  std::condition_variable work_;
  std::condition_variable idle_;
  MemoryMirror mirror_;
  bool mirror_is_ahead_ = false;  ///< of the disk: a failed write could not be taken back yet
  /// Uploads of failed transactions by owner and file id; used by the writing thread alone.
  std::map<std::pair<std::string, std::string>, Change> unsaved_;
  std::vector<Job> jobs_;
  std::deque<DigestCache::Changes> digests_;
  std::optional<StoreError> failure_;
  bool writing_ = false;
  bool closing_ = false;
  std::thread writer_;
};

}  // namespace sessync
