#include "daemon/outputs/disk_output_directory.h"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/directory_stream.h"
#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"
#include "daemon/outputs/directory_id.h"
#include "daemon/outputs/disk_output_file.h"

namespace sessync::disk_outputs {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr mode_t kDirectoryMode = S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;

tl::unexpected<std::string> cannot(const std::string& path, const std::string& why) {
  return tl::unexpected("outputs cannot be brought back to " + path + ": " + why +
                        "; nothing was written: check --outputs-dir and the destination");
}

/// Why a name could not be opened as a directory.
std::string reason(int parent, const std::string& name, int error) {
  struct stat found{};
  const bool is_link =
      ::fstatat(parent, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode);
  return is_link ? "a symbolic link is in the way, and none is followed" : os::error_text(error);
}

/// Enters `name` without following a link; makes it if it is missing and `make` says so.
os::UniqueFd enter(int parent, const std::string& name, bool make) {
  os::UniqueFd entered(::openat(parent, name.c_str(), kDirectory | O_NOFOLLOW));
  if (entered || errno != ENOENT || !make) {
    return entered;
  }
  if (::mkdirat(parent, name.c_str(), kDirectoryMode) == 0) {
    ::fsync(parent);
  } else if (errno != EEXIST) {
    return entered;
  }
  return os::UniqueFd(::openat(parent, name.c_str(), kDirectory | O_NOFOLLOW));
}

std::vector<std::string> names_in(DIR* directory) {
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

DiskOutputDirectory::DiskOutputDirectory(std::string outputs_dir, const std::string& destination,
                                         int min_free)
    : outputs_dir_(std::move(outputs_dir)),
      path_(os::join_path(outputs_dir_, destination)),
      min_free_(min_free) {
  for (const auto& part : std::filesystem::path(destination)) {
    if (!part.empty() && part != ".") {
      parts_.push_back(part.string());
    }
  }
}

DiskOutputDirectory::Opened DiskOutputDirectory::open_root(Missing missing) const {
  if (missing == Missing::kMake) {
    std::error_code error;
    std::filesystem::create_directories(outputs_dir_, error);
    if (error) {
      return cannot(path_, os::error_text(error.value()));
    }
  }
  os::UniqueFd root(::open(outputs_dir_.c_str(), kDirectory));
  if (!root && (errno != ENOENT || missing == Missing::kMake)) {
    return cannot(path_, os::error_text(errno));
  }
  return root;
}

DiskOutputDirectory::Opened DiskOutputDirectory::open(Missing missing) const {
  auto directory = open_root(missing);
  for (const auto& part : parts_) {
    if (!directory || !*directory) {
      return directory;
    }
    if (part == "..") {
      return cannot(path_, "it leads out of the outputs directory");
    }
    os::UniqueFd entered = enter(directory->get(), part, missing == Missing::kMake);
    if (!entered && (errno != ENOENT || missing == Missing::kMake)) {
      return cannot(path_, reason(directory->get(), part, errno));
    }
    directory = std::move(entered);
  }
  return directory;
}

tl::expected<std::vector<ports::OutputEntry>, std::string> DiskOutputDirectory::list() {
  auto opened = open(Missing::kLeave);
  if (!opened) {
    return tl::unexpected(opened.error());
  }
  std::vector<ports::OutputEntry> entries;
  if (!*opened) {
    return entries;
  }
  const os::DirectoryStream directory(::fdopendir(opened->get()));
  if (!directory) {
    return cannot(path_, os::error_text(errno));
  }
  const int fd = opened->release();
  for (const auto& name : names_in(directory.get())) {
    struct stat found{};
    if (is_temporary_name(name)) {
      remove_if_abandoned(fd, name);
    } else if (::fstatat(fd, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
      entries.push_back({name, static_cast<std::uint64_t>(found.st_size), S_ISREG(found.st_mode)});
    }
  }
  return entries;
}

tl::expected<std::string, std::string> DiskOutputDirectory::id() {
  const auto root = open_root(Missing::kLeave);
  if (!root) {
    return tl::unexpected(root.error());
  }
  return *root ? read_directory_id(root->get(), outputs_dir_) : std::string();
}

tl::expected<std::string, std::string> DiskOutputDirectory::identify() {
  const auto root = open_root(Missing::kMake);
  return root ? make_directory_id(root->get(), outputs_dir_) : tl::unexpected(root.error());
}

tl::expected<std::shared_ptr<ports::OutputFile>, std::string> DiskOutputDirectory::create(
    const std::string& name, std::uint64_t size) {
  auto directory = open(Missing::kMake);
  if (!directory) {
    return tl::unexpected(directory.error());
  }
  return create_output_file({std::move(*directory), name, os::join_path(path_, name)},
                            {size, min_free_});
}

tl::expected<ports::Done, std::string> DiskOutputDirectory::move_aside(const std::string& from,
                                                                       const std::string& to) {
  auto directory = open(Missing::kLeave);
  if (!directory) {
    return tl::unexpected(directory.error());
  }
  const int error = *directory ? rename_without_replacing(directory->get(), from, to) : ENOENT;
  if (error != 0) {
    return tl::unexpected("the older output " + os::join_path(path_, from) +
                          " cannot make room for the newer one of its name by becoming " + to +
                          ": " + os::error_text(error) + "; the newer one is fetched again");
  }
  return ports::Done{};
}

}  // namespace sessync::disk_outputs
