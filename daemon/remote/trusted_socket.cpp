#include "daemon/remote/trusted_socket.h"

#include <cerrno>

#include <sys/stat.h>

#include "daemon/http/server/local_socket.h"
#include "daemon/os/os_error.h"
#include "daemon/os/path_text.h"

namespace sessync::remote {
namespace {

bool only_the_daemon_writes(const struct stat& directory, const ucred& daemon) {
  const bool owned = directory.st_uid == daemon.uid;
  const bool by_group = (directory.st_mode & S_IWGRP) != 0;
  return (owned || directory.st_uid == 0) && (directory.st_mode & S_IWOTH) == 0 &&
         (!by_group || (!owned && directory.st_gid == daemon.gid));
}

}  // namespace

std::string why_untrusted(int socket, const std::string& path) {
  const std::string directory = path.substr(0, path.size() - os::base_name(path).size());
  const auto daemon = http::peer_credentials(socket);
  struct stat found{};
  if (!daemon || ::stat(directory.c_str(), &found) != 0) {
    return "it cannot be seen who listens there";
  }
  return only_the_daemon_writes(found, *daemon)
             ? ""
             : "others than the daemon's user can put a socket into " + directory +
                   ": chmod go-w it";
}

}  // namespace sessync::remote
