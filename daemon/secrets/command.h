#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace sessync::secrets {

struct CommandLimits {
  std::chrono::milliseconds time{10'000};
  std::size_t output = 65536;
  std::vector<std::string> variables{};  ///< patterns of names: what it gets beside the usual ones
};

/// How a command ended, and what it wrote. The output may hold secrets.
struct CommandResult {
  enum class End {
    kExited,      ///< `code` is its exit code
    kSignalled,   ///< `code` is the signal
    kTimedOut,    ///< killed
    kTooLong,     ///< killed: it wrote more than allowed
    kStopped,     ///< killed, or not started: a stop was requested
    kNotStarted,  ///< `code` is an errno
  };
  End end = End::kNotStarted;
  int code = 0;
  std::string output;
  std::string errors;  ///< the end of its standard error
};

/// Runs a program without a shell, in a process group of its own, with an empty standard input and
/// none of our descriptors. Of our environment it gets what programs need (os::is_usual_variable())
/// and what the limits name, never the API's credentials. Blocks until it has ended; whatever of
/// the group is left then is killed.
CommandResult run_command(const std::vector<std::string>& argv, const CommandLimits& limits,
                          const std::stop_token& stop);

}  // namespace sessync::secrets
