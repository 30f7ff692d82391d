#pragma once

#include <string>

#include "daemon/config/settings.h"
#include "daemon/state/state_origin.h"
#include "manifest/load.h"

namespace sessync {

/// Whose state the manifest's is.
StateOrigin origin_of(const Settings& settings, const Manifest& manifest);

/// The settings to work with, and what has to be said of them.
struct StateChoice {
  Settings settings;
  std::string note;  ///< "": nothing
};

/// The usual state directory goes by the manifest's path. One that got another name keeps the state
/// that it had, if owner and sessions agree and nothing is left at its old path.
StateChoice choose_state(const Settings& settings, const Manifest& manifest);

}  // namespace sessync
