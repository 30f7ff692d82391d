#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "manifest/spec.h"

namespace sessync::outputs {

/// Files at a destination, and their bytes.
struct OutputAmount {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// What may lie at the destination of what comes from its session. A limit that is not declared is
/// the usual one, unless more lies `there` already: an older version, which had no limit, put it
/// there. Then there is none, and one of `warnings` says so.
OutputAmount limits_of(const manifest::OutputsSpec& spec, const OutputAmount& there,
                       std::vector<std::string>& warnings);

/// Whether an output of so many bytes may come to what is there; if so it is counted as there.
bool fits_in(std::uint64_t size, const OutputAmount& limits, OutputAmount& there);

/// For operators: so many outputs do not fit.
std::string describe_over(std::size_t over, const OutputAmount& limits, const OutputAmount& there);

}  // namespace sessync::outputs
