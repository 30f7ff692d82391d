#include "daemon/http/server/local_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"

namespace sessync::http {
namespace {

constexpr int kLocalBacklog = 64;

void remove_socket(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) {
    ::unlink(path.c_str());
  }
}

/// The mode is that of the socket before it has a name: at no moment is it open to others.
os::UniqueFd listening_at(const LocalAddress& address) {
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool listens = fd && ::fchmod(fd.get(), S_IRUSR | S_IWUSR) == 0 &&
                       ::bind(fd.get(), address.get(), address.size()) == 0 &&
                       ::listen(fd.get(), kLocalBacklog) == 0;
  return listens ? std::move(fd) : os::UniqueFd();
}

}  // namespace

tl::expected<LocalAddress, int> LocalAddress::of(const std::string& path) {
  LocalAddress result;
  std::string text = path;
  if (text.size() >= sizeof result.address_.sun_path) {
    const std::string name(os::base_name(path));
    const std::string directory = path.substr(0, path.size() - name.size());
    result.directory_ = os::UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!result.directory_) {
      return tl::unexpected(errno);
    }
    text = "/proc/self/fd/" + std::to_string(result.directory_.get()) + "/" + name;
  }
  if (text.size() >= sizeof result.address_.sun_path) {
    return tl::unexpected(ENAMETOOLONG);
  }
  result.address_.sun_family = AF_UNIX;
  std::copy(text.begin(), text.end(), std::begin(result.address_.sun_path));
  return result;
}

std::optional<ucred> peer_credentials(int socket) {
  ucred who{};
  socklen_t size = sizeof who;
  const bool known = ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
  return known && who.uid != static_cast<uid_t>(-1) ? std::optional(who) : std::nullopt;
}

tl::expected<Listener, std::string> open_local_listener(const std::string& path) {
  const auto cannot = [&path](int error) {
    return tl::unexpected("cannot listen on the socket " + path + ": " + os::error_text(error));
  };
  const auto address = LocalAddress::of(path);
  if (!address) {
    return cannot(address.error());
  }
  remove_socket(path);
  if (auto fd = listening_at(*address)) {
    return Listener{std::move(fd), path, Way::kLocal};
  }
  return cannot(errno);
}

}  // namespace sessync::http
