#include "tests/daemon/state/power_vfs.h"

#include <filesystem>
#include <mutex>
#include <new>
#include <utility>

#include <sqlite3.h>

namespace sessync {
namespace {

using Kind = DiskEvent::Kind;

std::mutex the_mutex;
std::vector<DiskEvent> the_events;

void add(DiskEvent event) {
  const std::lock_guard lock(the_mutex);
  the_events.push_back(std::move(event));
}

/// A file of ours; the real one lies behind it in the memory that SQLite provides.
struct File {
  sqlite3_file base;
  std::string* name;
  bool* unsynced_entry;  ///< a new journal, whose name is synced with its first content
  [[nodiscard]] static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  [[nodiscard]] static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(File));
  }
};

const sqlite3_io_methods& methods_of(sqlite3_file* file) { return *File::real(file)->pMethods; }

int close_file(sqlite3_file* file) {
  const int code = methods_of(file).xClose(File::real(file));
  // SQLite owns the memory of a file, so what it has for us can only be plain pointers.
  // NOLINTBEGIN(cppcoreguidelines-owning-memory)
  delete File::of(file).name;
  delete File::of(file).unsynced_entry;
  // NOLINTEND(cppcoreguidelines-owning-memory)
  return code;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  return methods_of(file).xRead(File::real(file), to, size, at);
}

int write_content(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  const auto length = static_cast<std::size_t>(size);
  add({Kind::kWrite, *File::of(file).name, at, {static_cast<const char*>(from), length}, false});
  return methods_of(file).xWrite(File::real(file), from, size, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  add({Kind::kTruncate, *File::of(file).name, size, {}, false});
  return methods_of(file).xTruncate(File::real(file), size);
}

/// What is lost is decided by the events alone, so that the real disk need not be waited for.
int sync_file(sqlite3_file* file, int /*flags*/) {
  const bool entry = std::exchange(*File::of(file).unsynced_entry, false);
  add({Kind::kSync, *File::of(file).name, 0, {}, entry});
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
  return methods_of(file).xFileSize(File::real(file), size);
}
int lock_file(sqlite3_file* file, int level) {
  return methods_of(file).xLock(File::real(file), level);
}
int unlock_file(sqlite3_file* file, int level) {
  return methods_of(file).xUnlock(File::real(file), level);
}
int check_lock(sqlite3_file* file, int* result) {
  return methods_of(file).xCheckReservedLock(File::real(file), result);
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  return methods_of(file).xFileControl(File::real(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return methods_of(file).xSectorSize(File::real(file)); }
int characteristics(sqlite3_file* file) {
  return methods_of(file).xDeviceCharacteristics(File::real(file));
}
int map_shared(sqlite3_file* file, int page, int size, int extend, void volatile** to) {
  return methods_of(file).xShmMap(File::real(file), page, size, extend, to);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return methods_of(file).xShmLock(File::real(file), offset, count, flags);
}
void barrier(sqlite3_file* file) { methods_of(file).xShmBarrier(File::real(file)); }
int unmap_shared(sqlite3_file* file, int remove) {
  return methods_of(file).xShmUnmap(File::real(file), remove);
}

constexpr sqlite3_io_methods kMethods = {2,
                                         close_file,
                                         read_file,
                                         write_content,
                                         truncate_file,
                                         sync_file,
                                         size_of_file,
                                         lock_file,
                                         unlock_file,
                                         check_lock,
                                         control_file,
                                         sector_size,
                                         characteristics,
                                         map_shared,
                                         lock_shared,
                                         barrier,
                                         unmap_shared,
                                         nullptr,
                                         nullptr};

sqlite3_vfs* the_real = nullptr;
sqlite3_vfs the_recording{};

std::string name_in_directory(const char* path) {
  return path == nullptr ? std::string() : std::filesystem::path(path).filename().string();
}

int open_file(sqlite3_vfs* /*vfs*/, const char* path, sqlite3_file* file, int flags, int* given) {
  constexpr int kJournals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL;
  const bool is_new = path != nullptr && !std::filesystem::exists(path);
  file->pMethods = nullptr;
  const int code = the_real->xOpen(the_real, path, File::real(file), flags, given);
  if (code != SQLITE_OK) {
    return code;
  }
  const bool journal = (flags & kJournals) != 0 && (flags & SQLITE_OPEN_CREATE) != 0;
  // NOLINTBEGIN(cppcoreguidelines-owning-memory): see close_file()
  File::of(file).name = new std::string(name_in_directory(path));
  File::of(file).unsynced_entry = new bool(journal);
  // NOLINTEND(cppcoreguidelines-owning-memory)
  file->pMethods = &kMethods;
  if (is_new) {
    add({Kind::kCreate, name_in_directory(path), 0, {}, false});
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* /*vfs*/, const char* path, int sync) {
  const int code = the_real->xDelete(the_real, path, 0);
  if (code == SQLITE_OK) {
    add({Kind::kDelete, name_in_directory(path), 0, {}, sync != 0});
  }
  return code;
}

}  // namespace

DiskRecorder::DiskRecorder() {
  the_real = sqlite3_vfs_find(nullptr);
  the_events.clear();
  the_recording = *the_real;
  the_recording.zName = "recording";
  the_recording.pNext = nullptr;
  the_recording.szOsFile = static_cast<int>(sizeof(File)) + the_real->szOsFile;
  the_recording.xOpen = open_file;
  the_recording.xDelete = delete_file;
  sqlite3_vfs_register(&the_recording, 1);
}

DiskRecorder::~DiskRecorder() {
  sqlite3_vfs_unregister(&the_recording);
  sqlite3_vfs_register(the_real, 1);
}

void DiskRecorder::report(std::int64_t number) { add({Kind::kReported, {}, number, {}, false}); }

std::vector<DiskEvent> DiskRecorder::events() {
  const std::lock_guard lock(the_mutex);
  return the_events;
}

}  // namespace sessync
