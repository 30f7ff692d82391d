#include "daemon/state/state_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"
#include "daemon/os/thread.h"
#include "daemon/os/unique_fd.h"
#include "daemon/state/tables.h"

namespace sessync::state {
namespace {

using sqlite::Connection;
using sqlite::Error;

constexpr std::array<const char*, 3> kSuffixes = {"", "-wal", "-shm"};
constexpr int kMaxTries = 10;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_empty(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && status.st_size == 0;
}

Error system_error(const std::string& doing, const std::string& path) {
  return {os::is_no_room(errno) ? Error::Kind::kNoRoom : Error::Kind::kOther,
          "cannot " + doing + " " + path + ": " + os::error_text(errno)};
}

/// Makes the file, or takes an old one, so that only we can read it; SQLite gives the files beside
/// it the same permissions.
void create_private(const std::string& path) {
  const os::UniqueFd file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
  if (!file || ::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) {
    throw system_error("create", path);
  }
  for (const char* const suffix : kSuffixes) {
    const std::string beside = path + suffix;
    if (exists(beside) && ::chmod(beside.c_str(), S_IRUSR | S_IWUSR) != 0) {
      throw system_error("protect", beside);
    }
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const os::UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) {
    throw system_error("sync", parent);
  }
}

void refuse_newer(std::int64_t version) {
  if (version > tables::kSchemaVersion) {
    throw Error(Error::Kind::kNewer,
                "it was written by a newer sessync (format " + std::to_string(version) +
                    ", this one knows " + std::to_string(tables::kSchemaVersion) +
                    "): use that one, or delete the file, which forgets suspensions and otherwise "
                    "costs only time");
  }
}

void check_content(Connection& connection) {
  const auto verdict = connection.value("PRAGMA quick_check(1)");
  if (verdict != sqlite::Value("ok")) {
    const auto* const words = std::get_if<std::string>(&verdict);
    throw Error(Error::Kind::kDamaged, words == nullptr ? "its content is damaged" : *words);
  }
}

/// Where the damaged file went.
std::string move_aside(const std::string& path) {
  std::string aside;
  for (int n = 1; aside.empty() || exists(aside); ++n) {
    aside = path + ".corrupt-" + std::to_string(n);
  }
  for (const char* const suffix : kSuffixes) {
    const std::string from = path + suffix;
    if (std::rename(from.c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT) {
      throw system_error("move aside the damaged", from);
    }
  }
  return aside;
}

void move_back(const std::string& aside, const std::string& path) {
  for (const char* const suffix : kSuffixes) {
    ::unlink((path + suffix).c_str());
    std::rename((aside + suffix).c_str(), (path + suffix).c_str());
  }
}

std::string message_of(const std::string& path, const Error& error) {
  return "state database " + path + ": " + os::foreign_text(error.what());
}

bool lacks_room(const Error& error) {
  return error.kind() == Error::Kind::kFull || error.kind() == Error::Kind::kNoRoom;
}

/// For a state without which nothing begins.
std::string refusal_of(const std::string& path, const Error& error) {
  switch (error.kind()) {
    case Error::Kind::kFull:
    case Error::Kind::kNoRoom:
      return message_of(path, error) + "; make room there, or choose another --state-dir";
    case Error::Kind::kOther:
      return message_of(path, error) +
             "; check the disk and its permissions, or choose another --state-dir";
    default:
      return message_of(path, error);
  }
}

}  // namespace

void StateFile::connect() {
  connection_.reset();
  create_private(path_);
  Connection fresh(path_, Connection::Mode::kReadWrite);
  fresh.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY");
  const std::int64_t version = tables::schema_version(fresh);
  refuse_newer(version);
  if (version == 0) {
    tables::create(fresh);
  } else {
    tables::upgrade(fresh, version);
  }
  connection_ = std::move(fresh);
}

Connection& StateFile::connection() {
  if (!connection_) {
    connect();
  }
  return *connection_;
}

MemoryMirror StateFile::open_for_writing(ports::TimePoint now) {
  connect();
  check_content(*connection_);
  connection_->transaction([&] {
    tables::doubt_intents(*connection_, now);
    tables::touch(*connection_);  // a full disk is to be seen now, not with the first commit
  });
  return tables::read_all(*connection_);
}

MemoryMirror StateFile::open_within_reserve(ports::TimePoint now) {
  try {
    return open_for_writing(now);
  } catch (const Error& error) {
    if (!lacks_room(error) || !reserve_.release()) {
      throw;
    }
    connection_.reset();
  }
  return open_for_writing(now);
}

tl::expected<StateFile::Opened, ports::StoreError> StateFile::open(const std::string& path,
                                                                   ports::TimePoint now) {
  Opened opened;
  opened.file = std::unique_ptr<StateFile>(new StateFile(path, false));
  try {
    opened.mirror = opened.file->open_within_reserve(now);
    opened.file->reserve_.keep();
    return opened;
  } catch (const Error& error) {
    if (error.kind() != Error::Kind::kDamaged) {
      return tl::unexpected(ports::StoreError{refusal_of(path, error), lacks_room(error)});
    }
    opened.warnings.push_back(message_of(path, error));
  }
  std::string aside;
  try {
    opened.file->connection_.reset();
    aside = move_aside(path);
    opened.warnings.back() += "; it was moved to " + aside +
                              " and a new one begun: suspensions are forgotten, the rest is asked "
                              "of the API again";
    opened.mirror = opened.file->open_for_writing(now);
  } catch (const Error& error) {
    if (lacks_room(error) && !aside.empty()) {
      // Else it would look as if there had never been a state.
      opened.file->connection_.reset();
      move_back(aside, path);
    }
    return tl::unexpected(ports::StoreError{refusal_of(path, error), lacks_room(error)});
  }
  return opened;
}

tl::expected<StateFile::Opened, std::string> StateFile::open_read_only(const std::string& path,
                                                                       bool alone) {
  if (!exists(path)) {
    return Opened{};
  }
  Opened opened;
  opened.file = std::unique_ptr<StateFile>(new StateFile(path, true));
  opened.file->alone_ = alone;
  try {
    opened.file->read(
        [&](Connection& connection) { opened.mirror = tables::read_all(connection); });
    return opened;
  } catch (const Error& error) {
    if (error.kind() != Error::Kind::kDamaged) {
      return tl::unexpected(refusal_of(path, error));
    }
    Opened none;
    none.warnings.push_back(message_of(path, error) + "; continuing with an empty state");
    return none;
  }
}

manifest::Holdings StateFile::read_holdings(const std::string& path) {
  manifest::Holdings holdings;
  StateFile file(path, true);
  try {
    const auto take = [&](Connection& from) { holdings = tables::read_holdings(from); };
    if (exists(path)) file.read(take);
  } catch (const Error&) {  // whoever opens the state says what is wrong with it
    return {};
  }
  return holdings;
}

void StateFile::read(const Reads& reads) {
  if (!read_only_) {
    return reads(connection());
  }
  for (int tries = 1; !read_as_found(reads); ++tries) {
    if (tries == kMaxTries) {
      throw Error(Error::Kind::kBusy, "it is opened and closed all the time");
    }
  }
}

/// Reading a file in WAL mode creates the files beside it, unless they are there, or the file is
/// said to be immutable: so it is while nobody has it open. False: somebody opened it meanwhile. An
/// attempt to open it on a full disk leaves such files empty.
bool StateFile::read_as_found(const Reads& reads) {
  const bool left_over = alone_ && is_empty(path_ + "-wal");
  const bool in_use = exists(path_ + "-wal") && exists(path_ + "-shm") && !left_over;
  Connection connection(path_, in_use ? Connection::Mode::kReadOnly : Connection::Mode::kImmutable);
  connection.script("BEGIN");
  const std::int64_t version = tables::schema_version(connection);
  refuse_newer(version);
  if (version == tables::kSchemaVersion) {
    reads(connection);
  } else if (version > 0) {
    auto upgraded = Connection::copy_of(connection);
    tables::upgrade(upgraded, version);
    reads(upgraded);
  }
  return in_use || alone_ || !exists(path_ + "-shm");
}

ports::StoreError StateFile::failed(const Error& error) {
  if (error.kind() != Error::Kind::kFull && error.kind() != Error::Kind::kBusy) {
    connection_.reset();  // what it holds in memory may not be what is on disk
  }
  const std::string advice = error.kind() == Error::Kind::kDamaged
                                 ? "; restart sessync, which then begins a new one"
                                 : "; what has to be remembered first waits until this works again";
  return {message_of(path_, error) + advice, lacks_room(error)};
}

ports::StoreError StateFile::failed() {
  try {
    throw;
  } catch (const Error& error) {
    return failed(error);
  } catch (...) {  // there is no memory, most likely
    return failed(Error(Error::Kind::kOther, os::current_exception_text()));
  }
}

/// Once the reserve is given up, what the log holds is put into the database each time when there
/// is no room, so that the log can be written over.
void StateFile::write_within_reserve(const std::function<void(Connection&)>& writes) {
  const auto write_once = [&] {
    Connection& to = connection();
    to.transaction([&] { writes(to); });
  };
  try {
    write_once();
    is_tight_ = !reserve_.keep() && is_tight_;
    return;
  } catch (const Error& error) {
    is_tight_ = lacks_room(error) && (reserve_.release() || is_tight_);
    if (!is_tight_) {
      throw;
    }
  }
  try {
    connection().script("PRAGMA wal_checkpoint(RESTART)");
  } catch (const Error&) {
    connection_.reset();  // the log it is
  }
  write_once();
}

tl::expected<ports::Done, ports::StoreError> StateFile::write(
    const std::function<void(Connection&)>& writes) {
  const std::lock_guard lock(mutex_);
  try {
    write_within_reserve(writes);
    return ports::Done{};
  } catch (...) {
    return tl::unexpected(failed());
  }
}

tl::expected<ports::Done, ports::StoreError> StateFile::touch() {
  return write([](Connection& connection) { tables::touch(connection); });
}

tl::expected<MemoryMirror, ports::StoreError> StateFile::read_all() {
  const std::lock_guard lock(mutex_);
  try {
    MemoryMirror mirror;
    read([&](Connection& connection) { mirror = tables::read_all(connection); });
    return mirror;
  } catch (...) {
    return tl::unexpected(failed());
  }
}

tl::expected<std::vector<workspace::DigestEntry>, ports::StoreError> StateFile::read_digests() {
  const std::lock_guard lock(mutex_);
  try {
    std::vector<workspace::DigestEntry> entries;
    read([&](Connection& connection) { entries = tables::read_digests(connection); });
    return entries;
  } catch (...) {
    return tl::unexpected(failed());
  }
}

}  // namespace sessync::state
