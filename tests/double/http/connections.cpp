#include "tests/double/http/connections.h"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace sessync::skin {

namespace {

/// The port of one end of a socket, or -1.
int port_of(int socket, int (*name)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (name(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return -1;
  }
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return ntohs(v4.sin_port);
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    return ntohs(v6.sin6_port);
  }
  return -1;
}

std::vector<int> open_descriptors() {
  std::vector<int> descriptors;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    descriptors.push_back(std::atoi(entry->d_name));
  }
  return descriptors;
}

void for_each_socket(int port, const std::function<void(int)>& use) {
  for (const int descriptor : open_descriptors()) {
    if (port_of(descriptor, getsockname) == port) {
      use(descriptor);
    }
  }
}

}  // namespace

void cut_connection(int port, int peer_port) {
  for_each_socket(port, [peer_port](int socket) {
    if (port_of(socket, getpeername) == peer_port) {
      shutdown(socket, SHUT_RDWR);
    }
  });
}

void cut_connections(int port) {
  for_each_socket(port, [](int socket) {
    if (port_of(socket, getpeername) > 0) {
      shutdown(socket, SHUT_RDWR);
    }
  });
}

void widen_backlog(int port) {
  for_each_socket(port, [](int socket) {
    if (port_of(socket, getpeername) < 0) {
      listen(socket, SOMAXCONN);
    }
  });
}

}  // namespace sessync::skin
