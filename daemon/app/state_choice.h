#pragma once

#include <string>

#include "daemon/config/settings.h"
#include "daemon/state/state_origin.h"
#include "manifest/load.h"

namespace sessync::app {

/// Whose state the manifest's is.
state::StateOrigin origin_of(const config::Settings& settings, const manifest::Manifest& manifest);

/// The settings to work with, and what has to be said of them.
struct StateChoice {
  config::Settings settings;
  std::string note;  ///< "": nothing
};

/// The usual state directory goes by the manifest's path. One that got another name keeps the state
/// that it had, if owner and sessions agree and nothing is left at its old path.
StateChoice choose_state(const config::Settings& settings, const manifest::Manifest& manifest);

}  // namespace sessync::app
