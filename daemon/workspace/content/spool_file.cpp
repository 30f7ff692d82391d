#include "daemon/workspace/content/spool_file.h"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>

namespace sessync::workspace {
namespace {

constexpr mode_t kOwnerOnly = 0600;

}  // namespace

tl::expected<os::UniqueFd, int> open_unnamed(const std::string& directory) {
  os::UniqueFd fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, kOwnerOnly));
  if (!fd) return tl::unexpected(errno);
  return fd;
}

tl::expected<os::UniqueFd, int> open_and_unlink(const std::string& directory) {
  std::string name = directory + "/sessync-spool-XXXXXX";
  os::UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd || ::unlink(name.c_str()) != 0) return tl::unexpected(errno);
  return fd;
}

tl::expected<os::UniqueFd, int> open_spool(const std::string& directory) {
  auto fd = open_unnamed(directory);
  // Whatever stood in the way, the second way meets it too, unless it was only the first way's.
  return fd ? std::move(fd) : open_and_unlink(directory);
}

}  // namespace sessync::workspace
