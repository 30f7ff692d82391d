#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sessync::app {

/// Tells the service manager how the daemon is, by the protocol of sd_notify(3). Does nothing when
/// nobody asked for it. Any thread; a manager that does not read holds a call up for a second at
/// most.
class ServiceManager {
 public:
  using Clock = std::chrono::steady_clock;

  /// What the service manager put into the environment.
  struct Request {
    std::string socket;               ///< a path, or '@' and an abstract name; "": nobody asks
    Clock::duration watchdog{0};      ///< silence for so long is taken for a hang; 0: never
    static Request of_environment();  ///< of this process
  };

  explicit ServiceManager(const Request& request);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  /// Whether there is one: otherwise nobody is told anything.
  [[nodiscard]] bool listens() const { return socket_ >= 0; }

  /// Started, or done with reloading().
  void ready();
  /// One line for people. Sent only when it is another one than before.
  void status(std::string_view line);
  /// Reads its configuration again; ready() must follow.
  void reloading();
  /// Ends, within `limit`.
  void stopping(std::chrono::microseconds limit);

  /// How often alive() must be called, at least, by the loop whose hang is to be noticed. Nothing:
  /// no watchdog, no need to wake up for it.
  [[nodiscard]] std::optional<Clock::duration> alive_every() const;
  /// May be called far more often than that: what is not needed is not sent.
  void alive();

 private:
  void send(const std::string& message) const;

  int socket_ = -1;
  Clock::duration watchdog_{0};
  std::mutex mutex_;
  std::string status_;
  std::optional<Clock::time_point> last_alive_;
};

}  // namespace sessync::app
