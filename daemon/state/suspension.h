#pragma once

#include <string>

#include "reconciler/ports/api_error.h"

namespace sessync::state {

/// A session of the manifest that somebody asked the daemon to leave alone. Kept by the session's
/// name, and beside token fingerprints the one thing in the state that cannot be asked of the API.
struct Suspension {
  std::string by;       ///< who asked, as far as that is known; to be shown, not to be believed
  ports::TimePoint at;  ///< when, by the daemon's clock
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

}  // namespace sessync::state
