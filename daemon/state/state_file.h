#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/state/memory_mirror.h"
#include "daemon/state/sqlite.h"
#include "daemon/state/state_reserve.h"
#include "daemon/workspace/read/digest_cache.h"
#include "reconciler/ports/state_store.h"

namespace sessync::state {

/// `state.db` without exceptions: a failure is a StoreError that says what happened, to which file
/// and what to do next, or, to a reader, a text that says the same.
///
/// Durable means what SQLite makes of WAL with synchronous=FULL: each commit is synced to the log
/// before write() returns, and the directory once the file was made. The file, and those that
/// SQLite makes beside it, have mode 0600. A file "<path>-reserve" keeps room for when the disk is
/// full: it is given up then, and taken again once there is plenty.
///
/// After a failure that leaves the connection in doubt (all but a full disk and a busy file) the
/// next call opens the file again. Safe to use from many threads, which then take turns; a call may
/// wait five seconds for another process.
class StateFile {
 public:
  struct Opened {
    std::unique_ptr<StateFile> file;  ///< null: there is none, and none is to be made
    MemoryMirror mirror;              ///< everything but the digests
    std::vector<std::string> warnings;
  };

  /// Opens it for writing, and creates it if it is not there. Tables of an older version are
  /// brought up to this one; those of a newer one are refused and left alone. A damaged file, or
  /// one that is none of ours, is moved aside to "<path>.corrupt-<n>" with a warning, unless there
  /// is no room for a new one. All intents are in doubt from `now` on, on disk too, so a full disk
  /// is noticed here. Nobody else writes to it: the caller holds the directory's StateLock.
  static tl::expected<Opened, ports::StoreError> open(const std::string& path,
                                                      ports::TimePoint now);

  /// Reads what is committed now; nothing is created or changed, tables of an older version
  /// included. A damaged file counts as none, with a warning; one of a newer version is an error.
  /// `alone`: no other process has it open, and none will. Without a file `file` is null.
  static tl::expected<Opened, std::string> open_read_only(const std::string& path,
                                                          bool alone = false);

  /// Of that only what was in force of the manifest; nothing if it cannot be read.
  static manifest::Holdings read_holdings(const std::string& path);

  /// Runs `writes`, whatever it may throw, as one transaction: all of it is durable, or
  /// nothing of it is kept.
  tl::expected<ports::Done, ports::StoreError> write(
      const std::function<void(sqlite::Connection&)>& writes);

  /// Writes as little as can be written, and makes it durable: whether that works at all.
  tl::expected<ports::Done, ports::StoreError> touch();

  /// What is on disk at one instant; everything but the digests.
  tl::expected<MemoryMirror, ports::StoreError> read_all();
  tl::expected<std::vector<workspace::DigestEntry>, ports::StoreError> read_digests();

 private:
  using Reads = std::function<void(sqlite::Connection&)>;

  StateFile(std::string path, bool read_only)
      : path_(std::move(path)), read_only_(read_only), reserve_(path_ + "-reserve") {}
  MemoryMirror open_for_writing(ports::TimePoint now);
  MemoryMirror open_within_reserve(ports::TimePoint now);
  void write_within_reserve(const std::function<void(sqlite::Connection&)>& writes);
  /// Makes the file private, opens it and brings its tables up to date; throws sqlite::Error.
  void connect();
  /// An already open connection, or a new one if the last was given up.
  sqlite::Connection& connection();
  void read(const Reads& reads);
  bool read_as_found(const Reads& reads);
  /// What to tell of it; gives up a connection that may not be what is on disk.
  ports::StoreError failed(const sqlite::Error& error);
  /// The same, of whatever is being thrown. Only in a catch block.
  ports::StoreError failed();

  const std::string path_;
  const bool read_only_;
  bool alone_ = false;
  std::mutex mutex_;
  StateReserve reserve_;
  bool is_tight_ = false;  ///< it was given up, and there is no other yet
  std::optional<sqlite::Connection> connection_;
};

}  // namespace sessync::state
