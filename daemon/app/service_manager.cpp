#include "daemon/app/service_manager.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/log.h"
#include "daemon/os/os_error.h"

namespace sessync::app {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

template <typename Number>
std::optional<Number> number(const std::string& text) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

/// As the manager's clock has it, which does not count suspended time.
std::string monotonic_usec() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000);
}

/// A datagram socket that sends there; -1 with errno set.
int connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') {
    address.sun_path[0] = '\0';
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const timeval limit{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  // sockaddr is what the system's interface calls any address.
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    ::close(fd);
    return -1;
  }
  return fd;
}

}  // namespace

ServiceManager::Request ServiceManager::Request::of_environment() {
  Request request{variable("NOTIFY_SOCKET"), {}};
  const auto period = number<std::int64_t>(variable("WATCHDOG_USEC"));
  const auto pid = variable("WATCHDOG_PID");
  if (period && *period > 0 && (pid.empty() || number<pid_t>(pid) == ::getpid())) {
    request.watchdog = std::chrono::microseconds(*period);
  }
  return request;
}

ServiceManager::ServiceManager(const Request& request) {
  if (request.socket.empty()) {
    return;
  }
  socket_ = connect_to(request.socket);
  if (socket_ < 0) {
    os::log(os::LogLevel::kWarning, "the service manager cannot be told how the daemon is",
            {{"socket", request.socket}, {"error", os::error_text(errno)}});
    return;
  }
  watchdog_ = request.watchdog;
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) {
    ::close(socket_);
  }
}

void ServiceManager::send(const std::string& message) const {
  if (socket_ >= 0) {
    // What cannot be told is not worth failing for.
    [[maybe_unused]] const auto sent =
        ::send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
  }
}

void ServiceManager::ready() { send("READY=1"); }

void ServiceManager::reloading() { send("RELOADING=1\nMONOTONIC_USEC=" + monotonic_usec()); }

void ServiceManager::stopping(std::chrono::microseconds limit) {
  send("STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=" + std::to_string(limit.count()));
}

void ServiceManager::status(std::string_view line) {
  auto text = os::without_secrets(line);
  // A line break would begin another message.
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  const std::lock_guard lock(mutex_);
  if (text != status_) {
    status_ = std::move(text);
    send("STATUS=" + status_);
  }
}

std::optional<ServiceManager::Clock::duration> ServiceManager::alive_every() const {
  return watchdog_ > Clock::duration{0} ? std::optional(watchdog_ / 2) : std::nullopt;
}

void ServiceManager::alive() {
  if (watchdog_ <= Clock::duration{0}) {
    return;
  }
  const auto now = Clock::now();
  const std::lock_guard lock(mutex_);
  // Three quarters of the period pass between two at most, if alive_every() is kept.
  if (!last_alive_ || now - *last_alive_ >= watchdog_ / 4) {
    last_alive_ = now;
    send("WATCHDOG=1");
  }
}

}  // namespace sessync::app
