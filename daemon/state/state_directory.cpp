#include "daemon/state/state_directory.h"

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"

namespace sessync::state {
namespace {

namespace fs = std::filesystem;

/// `path` without links, as far as it exists.
std::optional<fs::path> resolved(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  fs::path real = error ? fs::path() : fs::weakly_canonical(absolute, error);
  return error ? std::nullopt : std::optional(std::move(real));
}

/// Whether `directory` or one above it is the directory `workspace`, under whatever name: bind
/// mounts included.
bool lies_in(fs::path directory, const std::string& workspace) {
  struct stat root{};
  if (::stat(workspace.c_str(), &root) != 0) {
    return false;
  }
  while (true) {
    struct stat here{};
    if (::stat(directory.c_str(), &here) == 0 && here.st_dev == root.st_dev &&
        here.st_ino == root.st_ino) {
      return true;
    }
    if (!directory.has_relative_path()) {
      return false;
    }
    directory = directory.parent_path();
  }
}

int make_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), S_IRWXU) == 0 || errno == EEXIST) {
    return 0;
  }
  if (errno != ENOENT || !directory.has_relative_path()) {
    return errno;
  }
  const int error = make_directory(directory.parent_path());
  return error != 0 || ::mkdir(directory.c_str(), S_IRWXU) == 0 ? error : errno;
}

tl::unexpected<ports::StoreError> refusal(const std::string& directory, const std::string& why,
                                          int error = 0) {
  return tl::unexpected(ports::StoreError{
      "state directory " + directory + " " + why + "; choose another with --state-dir",
      os::is_no_room(error)});
}

}  // namespace

tl::expected<ports::Done, ports::StoreError> prepare_state_directory(const std::string& directory,
                                                                     const std::string& workspace) {
  const auto real = resolved(directory);
  if (!real) {
    return refusal(directory, "cannot be resolved");
  }
  if (lies_in(*real, workspace)) {
    return refusal(directory, "lies in the workspace " + workspace +
                                  ", where sessync's own writes would count as changes");
  }
  if (const int error = make_directory(*real); error != 0) {
    return refusal(directory, "cannot be created: " + os::error_text(error), error);
  }
  struct stat made{};
  if (::stat(real->c_str(), &made) != 0 || !S_ISDIR(made.st_mode)) {
    return refusal(directory, "is not a directory");
  }
  if (::access(real->c_str(), R_OK | W_OK | X_OK) != 0) {
    return refusal(directory, "cannot be written to: " + os::error_text(errno));
  }
  return ports::Done{};
}

}  // namespace sessync::state
