#include "daemon/app/service_manager.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/app/watchdog.h"

using namespace sessync;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

/// What systemd would be: a datagram socket that is read.
class Manager {
 public:
  explicit Manager(const std::string& name) : name_(name) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() {
    ::close(fd_);
    if (name_.front() != '@') fs::remove(name_);
  }

  /// Everything that has been sent and not been taken yet.
  [[nodiscard]] std::vector<std::string> take() const {
    std::vector<std::string> messages;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < 0) return messages;
      messages.emplace_back(buffer.data(), static_cast<std::size_t>(size));
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  int fd_ = -1;
};

/// Distinct for each call of each process.
std::string fresh_name(const std::string& before) {
  static int calls = 0;
  return before + "sessync-notify-" + std::to_string(::getpid()) + "-" + std::to_string(++calls);
}

std::string fresh_path() { return fresh_name(fs::temp_directory_path().string() + "/"); }

std::int64_t monotonic_usec() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("a start, a reload and an end are told, to a path and to an abstract name") {
  const Manager manager(GENERATE(fresh_path(), fresh_name("@")));
  app::ServiceManager told({manager.name(), 0s});
  told.ready();
  told.status("2 sessions, 1 ready");
  CHECK(manager.take() == Messages{"READY=1", "STATUS=2 sessions, 1 ready"});

  const auto before = monotonic_usec();
  told.reloading();
  const auto reloading = manager.take();
  REQUIRE(reloading.size() == 1);
  const std::string prefix = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(reloading[0].starts_with(prefix));
  const auto at = std::stoll(reloading[0].substr(prefix.size()));
  CHECK(at >= before);
  CHECK(at <= monotonic_usec());

  told.stopping(10s);
  CHECK(manager.take() == Messages{"STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=10000000"});
}

TEST_CASE("a status is one line, and told once") {
  const Manager manager(fresh_path());
  app::ServiceManager told({manager.name(), 0s});
  told.status("one\nREADY=1");
  told.status("one\nREADY=1");
  told.status("two");
  CHECK(manager.take() == Messages{"STATUS=one READY=1", "STATUS=two"});
}

TEST_CASE("without a watchdog nothing is to be called and nothing is sent") {
  const Manager manager(fresh_path());
  app::ServiceManager told({manager.name(), 0s});
  CHECK_FALSE(told.alive_every().has_value());
  told.alive();
  CHECK(manager.take().empty());
}

TEST_CASE("signs of life are sent as often as needed and no more") {
  const Manager manager(fresh_path());
  app::ServiceManager slow({manager.name(), 1h});
  CHECK(slow.alive_every() == 30min);
  for (int i = 0; i < 100; ++i) slow.alive();
  CHECK(manager.take() == Messages{"WATCHDOG=1"});

  app::ServiceManager fast({manager.name(), 4ns});
  fast.alive();
  fast.alive();
  CHECK(manager.take() == Messages{"WATCHDOG=1", "WATCHDOG=1"});
}

TEST_CASE("signs of life come from a thread that waits for no other") {
  const Manager manager(fresh_path());
  app::ServiceManager told({manager.name(), 20ms});
  status::StatusBoard board({"1", ports::TimePoint{}, "m.yaml", "/w"});
  const app::Watchdog watchdog(told, board);
  std::size_t signs = 0;
  while (signs < 5) {
    const auto messages = manager.take();
    signs += static_cast<std::size_t>(std::ranges::count(messages, "WATCHDOG=1"));
    std::this_thread::yield();
  }
  CHECK(board.snapshot().notes.empty());
}

TEST_CASE("nobody who asks, or nobody who listens any more, is no failure") {
  app::ServiceManager none({"", 1s});
  CHECK_FALSE(none.alive_every().has_value());
  none.ready();
  none.alive();

  const auto name = fresh_path();
  app::ServiceManager absent({name, 1s});
  CHECK_FALSE(absent.alive_every().has_value());
  absent.ready();
  app::ServiceManager too_long({"/" + std::string(200, 'x'), 1s});
  too_long.ready();

  auto manager = std::make_unique<Manager>(name);
  app::ServiceManager told({name, 1s});
  manager.reset();
  told.ready();
  told.alive();
  CHECK(told.alive_every() == 500ms);
}

TEST_CASE("a manager that does not read holds nothing up for long") {
  const Manager manager(fresh_path());
  app::ServiceManager told({manager.name(), 0s});
  // More than the socket holds; the last one comes back all the same.
  const std::string large(100'000, 'x');
  for (int i = 0; i < 4; ++i) told.status(large + std::to_string(i));
  CHECK_FALSE(manager.take().empty());
}

TEST_CASE("the environment says who asks and how often") {
  setenv("NOTIFY_SOCKET", "@somewhere", 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  SECTION("for any process") { unsetenv("WATCHDOG_PID"); }
  SECTION("for this one") { setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1); }
  auto request = app::ServiceManager::Request::of_environment();
  CHECK(request.socket == "@somewhere");
  CHECK(request.watchdog == 3s);

  setenv("WATCHDOG_PID", "1", 1);
  CHECK(app::ServiceManager::Request::of_environment().watchdog == 0s);
  unsetenv("WATCHDOG_PID");
  for (const char* nonsense : {"", "0", "-5", "3s", "99999999999999999999"}) {
    setenv("WATCHDOG_USEC", nonsense, 1);
    CHECK(app::ServiceManager::Request::of_environment().watchdog == 0s);
  }
  unsetenv("WATCHDOG_USEC");
  unsetenv("NOTIFY_SOCKET");
  CHECK(app::ServiceManager::Request::of_environment().socket.empty());
}
