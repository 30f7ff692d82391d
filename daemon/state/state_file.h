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
#include "daemon/workspace/read/digest_cache.h"
#include "reconciler/ports/state_store.h"

namespace sessync {

/// `state.db` without exceptions. Safe to use from many threads, which then take turns.
class StateFile {
 public:
  struct Opened {
    std::unique_ptr<StateFile> file;  ///< null: there is none, and none is to be made
    MemoryMirror mirror;              ///< everything but the digests
    std::vector<std::string> warnings;
  };

  /// Opens it for writing, creates it if it is not there, moves it aside if it is damaged. All
  /// intents are in doubt from `now` on.
  static tl::expected<Opened, StoreError> open(const std::string& path, TimePoint now);

  /// Reads what is committed now; nothing is created or changed. A damaged file counts as none.
  /// `alone`: no other process has it open, and none will.
  static tl::expected<Opened, std::string> open_read_only(const std::string& path,
                                                          bool alone = false);

  /// Runs `writes`, which may throw sqlite::Error, as one transaction: all of it is durable, or
  /// nothing of it is kept.
  tl::expected<Done, StoreError> write(const std::function<void(sqlite::Connection&)>& writes);

  /// Writes as little as can be written: whether that works at all.
  tl::expected<Done, StoreError> touch();

  /// What is on disk at one instant.
  tl::expected<MemoryMirror, StoreError> read_all();
  tl::expected<std::vector<DigestEntry>, StoreError> read_digests();

 private:
  using Reads = std::function<void(sqlite::Connection&)>;

  StateFile(std::string path, bool read_only) : path_(std::move(path)), read_only_(read_only) {}
  MemoryMirror open_for_writing(TimePoint now);
  void connect();
  /// An already open connection, or a new one if the last was given up.
  sqlite::Connection& connection();
  void read(const Reads& reads);
  bool read_as_found(const Reads& reads);
  StoreError failed(const sqlite::Error& error);

  const std::string path_;
  const bool read_only_;
  bool alone_ = false;
  std::mutex mutex_;
  std::optional<sqlite::Connection> connection_;
};

}  // namespace sessync
