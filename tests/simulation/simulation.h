#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/steps.h"

namespace sessync::simulation {

/// What became of one scenario.
struct Verdict {
  std::optional<std::string> violation;
  std::uint64_t trace_hash = 0;    ///< of everything that happened, in order
  std::vector<std::string> trace;  ///< if it was asked for
  std::uint64_t passes = 0;
  std::uint64_t api_calls = 0;
  std::uint64_t crashes = 0;
};

/// Lets the daemon live through the scenario, then leaves it in peace and looks at what it made of
/// it. The same scenario gives the same verdict.
Verdict run(const Scenario& scenario, bool with_trace = false);

/// A scenario with as few of the steps as still break a promise.
Scenario shrink(const Scenario& failing);

}  // namespace sessync::simulation
