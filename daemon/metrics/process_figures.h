#pragma once

#include <cstdint>

namespace sessync::metrics {

/// What the kernel says of this process; zero where it says nothing.
struct ProcessFigures {
  double cpu_seconds = 0;  ///< of all threads, in the kernel too, since the start
  double started_at = 0;   ///< seconds since the epoch
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_fds = 0;  ///< without the one by which they are counted
  std::uint64_t max_fds = 0;   ///< the soft limit
  std::uint64_t threads = 0;
};

/// Of this process, from /proc/self: some microseconds; never fails.
ProcessFigures read_process_figures();

}  // namespace sessync::metrics
