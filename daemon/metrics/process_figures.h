#pragma once

#include <cstdint>

namespace sessync {

/// What the kernel says of this process; zero where it says nothing.
struct ProcessFigures {
  double cpu_seconds = 0;
  double started_at = 0;  ///< seconds since the epoch
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t threads = 0;
};

ProcessFigures read_process_figures();

}  // namespace sessync
