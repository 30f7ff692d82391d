#pragma once

#include "tests/double/model/faults.h"
#include "tests/simulation/random.h"

namespace sessync::simulation {

/// Some calls go wrong in some way.
FaultRule draw_fault(Random& random);
/// Adds that the API refuses for good.
FaultRule draw_refusal(Random& random);

}  // namespace sessync::simulation
