#pragma once

#include <string>

#include "reconciler/ports/api_error.h"

namespace sessync {

/// A session of the manifest that somebody asked the daemon to leave alone.
struct Suspension {
  std::string by;  ///< who asked, as far as that is known
  TimePoint at;
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

}  // namespace sessync
