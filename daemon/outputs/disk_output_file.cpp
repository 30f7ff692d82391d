#include "daemon/outputs/disk_output_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <random>
#include <utility>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/os/path_text.h"

namespace sessync::disk_outputs {
namespace {

constexpr std::string_view kPrefix = ".sessync-";
constexpr std::string_view kSuffix = ".tmp";
constexpr std::size_t kRandomDigits = 16;
constexpr int kTries = 16;
constexpr mode_t kFileMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;

std::string temporary_name() {
  std::random_device random;
  const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
  std::array<char, kRandomDigits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return std::string(kPrefix).append(digits.data()).append(kSuffix);
}

/// False only if another open file has the lock: a file system without locks is not in our way.
bool lock(int file) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(file, F_OFD_SETLK, &whole) == 0 || (errno != EAGAIN && errno != EACCES);
}

/// Like lock(), but certain.
bool has_no_writer(int file) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(file, F_OFD_SETLK, &whole) == 0;
}

/// Whether so much would stay free. What is not known counts as room: writing will tell.
bool has_room(int directory, const OutputRoom& room) {
  struct statvfs there{};
  if (::fstatvfs(directory, &there) != 0 || there.f_blocks == 0) return true;
  constexpr long double kHundred = 100;
  const auto unit = static_cast<long double>(there.f_frsize);
  const auto least = unit * static_cast<long double>(there.f_blocks) * room.min_free / kHundred;
  return unit * static_cast<long double>(there.f_bavail) >=
         static_cast<long double>(room.size) + least;
}

/// Others take room at the same time: it is looked at again once ours is taken.
bool set_aside(int file, const OutputRoom& room) {
  const bool is_full =
      room.size > 0 &&
      ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(room.size)) != 0 &&
      (errno == ENOSPC || errno == EDQUOT);
  return !is_full && has_room(file, {0, room.min_free});
}

std::string no_room(const OutputPlace& place, const OutputRoom& room) {
  return "output " + place.path + " (" + std::to_string(room.size) + " bytes) is not fetched: " +
         (room.min_free == 0 ? std::string("there is no room for it")
                             : "less than " + std::to_string(room.min_free) +
                                   "% of the file system would stay free (--outputs-min-free)") +
         "; make room there";
}

bool is_named(int directory, const std::string& name, int file) {
  struct stat named{};
  struct stat open{};
  return ::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstat(file, &open) == 0 && S_ISREG(open.st_mode) && named.st_dev == open.st_dev &&
         named.st_ino == open.st_ino;
}

class DiskOutputFile : public ports::OutputFile {
 public:
  DiskOutputFile(OutputPlace place, std::string temporary, os::UniqueFd file)
      : place_(std::move(place)), temporary_(std::move(temporary)), file_(std::move(file)) {}
  DiskOutputFile(const DiskOutputFile&) = delete;
  DiskOutputFile& operator=(const DiskOutputFile&) = delete;
  ~DiskOutputFile() override {
    if (!placed_) {
      ::unlinkat(place_.directory.get(), temporary_.c_str(), 0);
    }
  }

  tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        return failed("cannot be written", errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
      written_ += static_cast<std::uint64_t>(count);
    }
    return ports::Done{};
  }

  tl::expected<ports::Done, std::string> finish(std::uint64_t size) override {
    if (written_ != size) {
      return tl::unexpected("of output " + place_.path + " " + std::to_string(written_) +
                            " bytes arrived where " + std::to_string(size) +
                            " were announced; it is fetched again");
    }
    if (::fsync(file_.get()) != 0) {
      return failed("cannot be written", errno);
    }
    if (const int error = rename_without_replacing(place_.directory.get(), temporary_, place_.name);
        error != 0) {
      return failed("cannot be put in place", error);
    }
    placed_ = true;
    if (::fsync(place_.directory.get()) != 0) {
      return failed("cannot be made durable", errno);
    }
    return ports::Done{};
  }

 private:
  [[nodiscard]] tl::unexpected<std::string> failed(const std::string& what, int error) const {
    const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
    const std::string advice =
        error == EEXIST ? "nothing there is overwritten: move it away to receive the output"
        : full ? "make room there: outputs that are complete stay, this one is fetched again"
               : "this output is fetched again";
    return tl::unexpected("output " + place_.path + " " + what + ": " + os::error_text(error) +
                          "; " + advice);
  }

  OutputPlace place_;
  std::string temporary_;
  os::UniqueFd file_;
  std::uint64_t written_ = 0;
  bool placed_ = false;
};

/// A new file that is ours, and its name; an errno otherwise.
tl::expected<os::UniqueFd, int> make_temporary(int directory, std::string& name) {
  int error = EEXIST;
  for (int i = 0; i < kTries && error == EEXIST; ++i) {
    name = temporary_name();
    os::UniqueFd file(::openat(directory, name.c_str(),
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    error = file ? EEXIST : errno;
    // Between its making and its locking, a file looks abandoned.
    if (file && lock(file.get()) && is_named(directory, name, file.get())) return file;
  }
  return tl::unexpected(error);
}

}  // namespace

tl::expected<std::shared_ptr<ports::OutputFile>, std::string> create_output_file(OutputPlace place,
                                                                                 OutputRoom room) {
  const int directory = place.directory.get();
  if (!has_room(directory, room)) return tl::unexpected(no_room(place, room));
  std::string name;
  auto file = make_temporary(directory, name);
  if (!file) {
    return tl::unexpected("output " + place.path +
                          " cannot be created: " + os::error_text(file.error()) +
                          "; the directory must be one that sessync can write to");
  }
  if (!set_aside(file->get(), room)) {
    ::unlinkat(directory, name.c_str(), 0);
    return tl::unexpected(no_room(place, room));
  }
  return std::make_shared<DiskOutputFile>(std::move(place), std::move(name), std::move(*file));
}

bool is_temporary_name(std::string_view name) {
  if (name.size() != kPrefix.size() + kRandomDigits + kSuffix.size() ||
      !name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return false;
  }
  return std::ranges::all_of(name.substr(kPrefix.size(), kRandomDigits), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

void remove_if_abandoned(int directory, const std::string& name) {
  const os::UniqueFd file(
      ::openat(directory, name.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file && has_no_writer(file.get()) && is_named(directory, name, file.get())) {
    ::unlinkat(directory, name.c_str(), 0);
  }
}

int rename_without_replacing(int directory, const std::string& from, const std::string& to) {
  if (::syscall(SYS_renameat2, directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) ==
      0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  // A file system that cannot; a new link never replaces anything either.
  if (::linkat(directory, from.c_str(), directory, to.c_str(), 0) != 0) {
    return errno;
  }
  return ::unlinkat(directory, from.c_str(), 0) == 0 ? 0 : errno;
}

}  // namespace sessync::disk_outputs
