#include "daemon/outputs/directory_id.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <random>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"
#include "daemon/os/unique_fd.h"

namespace sessync::disk_outputs {
namespace {

constexpr std::size_t kIdDigits = 32;
constexpr mode_t kIdMode = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;

tl::unexpected<std::string> no_id(const std::string& path, const std::string& why) {
  return tl::unexpected("outputs cannot be brought back to " + path + ": its " + kDirectoryIdName +
                        " " + why);
}

std::string new_id() {
  std::random_device random;
  std::string id;
  while (id.size() < kIdDigits) {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", random());
    id += digits.data();
  }
  return id;
}

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// What the file holds: "" for nothing, or the beginning of what a process that died was writing.
tl::expected<std::string, std::string> id_in(int file, const std::string& path) {
  std::array<char, kIdDigits + 2> bytes{};
  const ssize_t count = ::pread(file, bytes.data(), bytes.size(), 0);
  if (count < 0) return no_id(path, "cannot be read: " + os::error_text(errno));
  const std::string text(bytes.data(), static_cast<std::size_t>(count));
  if (text.size() <= kIdDigits) return std::string();
  if (text.size() == kIdDigits + 1 && text.back() == '\n' && is_id(text.substr(0, kIdDigits))) {
    return text.substr(0, kIdDigits);
  }
  return no_id(
      path,
      "holds no id: remove it; what lies there and fits is then taken for fetched, and the "
      "rest is fetched again");
}

/// Until the file is closed. A file system without locks is not in our way.
void lock_whole(int file) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  ::fcntl(file, F_OFD_SETLKW, &whole);
}

bool write_id(int directory, int file, const std::string& id) {
  const std::string line = id + "\n";
  errno = ENOSPC;  // for a write that takes only a part of it
  return ::pwrite(file, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size()) &&
         ::fsync(file) == 0 && ::fsync(directory) == 0;
}

}  // namespace

tl::expected<std::string, std::string> read_directory_id(int directory, const std::string& path) {
  const os::UniqueFd file(
      ::openat(directory, kDirectoryIdName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::string();
  if (!file) return no_id(path, "cannot be read: " + os::error_text(errno));
  return id_in(file.get(), path);
}

tl::expected<std::string, std::string> make_directory_id(int directory, const std::string& path) {
  if (auto known = read_directory_id(directory, path); !known || !known->empty()) return known;
  const os::UniqueFd file(::openat(directory, kDirectoryIdName,
                                   O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                                   kIdMode));
  if (!file) return no_id(path, "cannot be made: " + os::error_text(errno));
  lock_whole(file.get());
  if (auto known = id_in(file.get(), path); !known || !known->empty()) return known;
  auto id = new_id();
  if (!write_id(directory, file.get(), id)) {
    return no_id(path, "cannot be written: " + os::error_text(errno));
  }
  return id;
}

}  // namespace sessync::disk_outputs
