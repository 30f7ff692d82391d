#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "reconciler/ports/api_error.h"

namespace sessync::app {

/// How far `apply` is. Totals are what is known to be left to do; they may grow.
struct ProgressFigures {
  std::uint64_t files = 0;
  std::uint64_t files_total = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
  ports::Duration elapsed{0};  ///< since the first byte
};

/// One line of at most `columns` - 1 characters, without a line break: what does not fit is left
/// off from its end, part by part.
std::string progress_line(const ProgressFigures& figures, std::size_t columns);

}  // namespace sessync::app
