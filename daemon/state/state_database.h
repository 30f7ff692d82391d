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
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/state/memory_mirror.h"
#include "daemon/state/state_file.h"
#include "daemon/state/state_lock.h"
#include "daemon/state/suspension.h"
#include "daemon/workspace/read/digest_cache.h"
#include "reconciler/ports/state_store.h"

namespace sessync::state {

/// The state of one state directory: `state.db`, and all of it but the digests in memory.
///
/// Safe to use from many threads. Reads are answered from memory and see every commit that was
/// submitted before them. One thread writes at a time, and all that waits then becomes one
/// transaction (group commit): the store's own thread, or whoever has nothing to do but wait for it
/// (write_here). A transaction that fails leaves nothing on disk, is
/// taken back in memory, and does not keep later ones from succeeding. Only uploads stay known:
/// they were made, and forgetting them would make another one with each try on a full disk. The
/// next transaction writes them too.
class StateDatabase {
 public:
  using Durable = std::function<void(tl::expected<ports::Done, ports::StoreError>)>;

  /// Opens or creates the state of the directory that is locked; the lock must outlive it. A
  /// damaged file is moved aside, and said in warnings(): the state is a cache. `now`: intents
  /// found there may have been sent just before the last process ended, so they are in doubt from
  /// now on.
  static tl::expected<std::unique_ptr<StateDatabase>, ports::StoreError> open(const StateLock& lock,
                                                                              ports::TimePoint now);

  /// What a directory without room is: an error, or something to wait out.
  enum class OnFullDisk { kRefuse, kWait };
  /// Prepares a directory (see prepare_state_directory), locks it for as long as this lives, and
  /// opens what is in it.
  ///
  /// With kWait a directory without room is no error: what can be read there is known, every commit
  /// fails, and it is tried every few seconds to open it all the same. See trouble().
  static tl::expected<std::unique_ptr<StateDatabase>, ports::StoreError> open_directory(
      const std::string& directory, const std::string& workspace, OnFullDisk on_full_disk);

  /// What is committed there at this moment, by a running daemon too. Takes no lock, creates and
  /// writes nothing; commits are refused. A directory without state is an empty state.
  static tl::expected<std::unique_ptr<StateDatabase>, std::string> open_read_only(
      const std::string& directory, ports::TimePoint now);

  /// Of the same only holdings(); nothing if it cannot be read.
  static manifest::Holdings peek_holdings(const std::string& directory);

  /// Nothing on disk; every commit is as durable as it will ever be.
  static std::unique_ptr<StateDatabase> in_memory();

  StateDatabase(const StateDatabase&) = delete;
  StateDatabase& operator=(const StateDatabase&) = delete;
  /// Writes what was submitted, then closes. Every commit has been answered when this returns.
  ~StateDatabase();

  /// Reads: see StateStore. They come from memory and wait for nothing but each other.
  [[nodiscard]] ports::Inventory load(const std::string& session_id) const;
  [[nodiscard]] std::optional<ports::Upload> find_upload(const std::string& owner,
                                                         const std::string& sha256) const;
  [[nodiscard]] std::vector<ports::Upload> uploads(const std::string& owner) const;
  [[nodiscard]] std::optional<ports::CreationRecord> find_creation(const std::string& owner,
                                                                   const std::string& name) const;
  [[nodiscard]] std::vector<std::string> sessions() const;
  [[nodiscard]] std::vector<ports::CreationRecord> creations() const;

  /// When a commit is begun to be written: at once, or soon, with others if there are any by then,
  /// and by whoever has time: write_here(), else the store's thread after some milliseconds.
  enum class Begin { kNow, kSoon };
  /// `durable` runs once, on the thread that writes (or inside the call, where nothing is written),
  /// after the memory has been taken back if it failed. It must not wait for this database. Waits
  /// for no disk.
  void commit(std::vector<ports::Change> changes, Durable durable, Begin begin = Begin::kNow);
  /// Writes all commits that wait, on the calling thread. If somebody is writing already this waits
  /// for nothing and does as hand_over(). The caller holds no lock that is taken when trouble() is
  /// told (see watch).
  void write_here();
  /// Commits that wait are begun to be written at once, by the store's thread.
  void hand_over();

  [[nodiscard]] std::map<std::string, Suspension> suspensions() const;  ///< by name in the manifest
  /// Waits until it is durable. Nothing: the session is no longer suspended. On an error nothing
  /// has changed. Not to be called by `durable`, nor by whoever is told (see watch).
  tl::expected<ports::Done, ports::StoreError> set_suspension(
      const std::string& session, const std::optional<Suspension>& suspension);

  /// What was in force of the manifest; see manifest::Holdings.
  [[nodiscard]] manifest::Holdings holdings() const;
  /// In place of all that was held. Waits for no disk; what is committed later is written later, or
  /// with it.
  void remember(manifest::Holdings holdings, Durable durable);

  /// The digests that were saved, read from the file; none if they cannot be read.
  [[nodiscard]] std::vector<workspace::DigestEntry> load_digests() const;
  /// Saves in the background, after every commit that waits. What is lost is only read again.
  void save_digests(workspace::DigestCache::Changes changes);

  /// Waits until everything submitted so far has been written, or has failed.
  void flush();

  /// The state directory that is open_directory()'s and has room; nothing: there is none.
  [[nodiscard]] std::optional<std::string> locked_directory() const;
  /// What was wrong with the file when it was opened, in words for the operator.
  [[nodiscard]] std::vector<std::string> warnings() const;
  /// What stands between the state and the disk.
  struct Trouble {
    ports::StoreError why;
    bool is_open = true;   ///< false: it was never opened for writing, there was no room
    bool is_known = true;  ///< false: nobody can tell what it holds, suspensions included
  };
  /// Nothing: the last write succeeded. As long as there is some, a write is tried now and then.
  [[nodiscard]] std::optional<Trouble> trouble() const;
  /// Told on the thread that writes, which holds no lock of this, when that becomes another one;
  /// none once {} was given.
  void watch(std::function<void()> told);

 private:
  enum class Kind { kOnDisk, kReadOnly, kInMemory };
  struct SuspensionChange {
    std::string session;
    std::optional<Suspension> suspension;
  };
  struct Job {
    std::variant<std::vector<ports::Change>, SuspensionChange, manifest::Holdings> what;
    Durable durable;
  };

  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();
  class Turn;

  explicit StateDatabase(Kind kind) : kind_(kind) {}
  static std::unique_ptr<StateDatabase> begin(Kind kind, StateFile::Opened opened);
  void start();
  void know_what_can_be_read(ports::StoreError why);
  void submit(Job job, Begin begin = Begin::kNow);
  void wake(Begin begin);
  static void apply(MemoryMirror& mirror, const Job& job);
  [[nodiscard]] bool is_due() const;
  bool wait_until_due(std::unique_lock<std::mutex>& lock);
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void beat_unless_stuck();
  void run();
  bool has_work() const { return !jobs_.empty() || !digests_.empty(); }
  void write_next(std::unique_lock<std::mutex>& lock);
  static void write(sqlite::Connection& to, const Job& job);
  tl::expected<ports::Done, ports::StoreError> write_file(const std::vector<Job>& jobs);
  void write_jobs(const std::vector<Job>& jobs);
  void take_back();
  void put_in_place(MemoryMirror mirror);
  void keep_uploads(const std::vector<Job>& jobs);
  void keep_upload(const ports::Change& change);
  void note(const tl::expected<ports::Done, ports::StoreError>& outcome);
  void tell();
  void probe();
  tl::expected<StateFile::Opened, ports::StoreError> open_file();
  void open_late();

  const Kind kind_;
  std::vector<std::string> warnings_;
  std::string directory_;
  std::string workspace_;
  std::optional<StateLock> lock_;    ///< unless somebody else keeps it
  std::unique_ptr<StateFile> file_;  ///< null while there is no room for it
  MemoryMirror known_;               ///< what could be read without room

  mutable std::mutex mutex_;  ///< of all that follows
  std::condition_variable work_;
  std::condition_variable idle_;
  MemoryMirror mirror_;
  bool mirror_is_ahead_ = false;  ///< of the disk: a failed write could not be taken back yet
  /// Uploads of failed transactions by owner and file id; used by whoever writes.
  std::map<std::pair<std::string, std::string>, ports::Change> unsaved_;
  std::vector<Job> jobs_;
  Clock::time_point begin_at_ = kNever;  ///< when the store's thread begins to write `jobs_`
  std::deque<workspace::DigestCache::Changes> digests_;
  std::optional<Trouble> trouble_;
  bool writing_ = false;          ///< somebody has the turn: what whoever writes uses is his
  std::uint64_t turns_ = 0;       ///< that there were
  std::uint64_t seen_turns_ = 0;  ///< by the store's thread
  bool closing_ = false;

  std::mutex told_mutex_;
  std::function<void()> told_;
  std::thread writer_;
};

}  // namespace sessync::state
