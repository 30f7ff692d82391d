#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sessync::os {

/// Writes lines to a descriptor on a thread of its own, so that whoever reads slowly, or not at
/// all, keeps nobody from working: what finds no room while it waits is dropped and counted.
class LogWriter {
 public:
  struct Options {
    std::size_t most_bytes = std::size_t{1} << 20U;  ///< that may wait
    /// The line that says how many were lost, written as soon as something can be.
    std::function<std::string(std::uint64_t lost)> lost_line;
  };

  LogWriter(int fd, Options options);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  /// Lets go of the thread: a write that does not end keeps nobody.
  ~LogWriter();

  /// Never waits for the descriptor. Any thread.
  void write(std::string line);

  /// Waits until everything is written, or the time is over: false.
  bool flush(std::chrono::milliseconds limit);

  /// Lines that were not written since the start.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sessync::os
