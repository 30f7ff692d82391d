#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sessync::watch {

/// Something happened to targets of these names.
struct WatchChange {
  std::vector<std::string> names;                     ///< sorted, each once
  std::chrono::steady_clock::time_point first_event;  ///< the oldest one reported here
};

struct WatchStatistics {
  std::uint64_t directories_watched = 0;
  std::uint64_t events = 0;
  std::uint64_t overflows = 0;
  std::uint64_t rescans = 0;  ///< all targets crawled again: overflow or mount change
};

}  // namespace sessync::watch
