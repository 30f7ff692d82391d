#pragma once

#include <vector>

#include "daemon/config/settings.h"
#include "daemon/workspace/scan/own_secrets.h"
#include "manifest/spec.h"

namespace sessync::app {

/// What this process reads as a secret, or keeps: key and token files of options and sessions, the
/// directory for secrets if somebody named one, the state.
workspace::SecretPlaces secret_places(const config::Settings& settings,
                                      const std::vector<manifest::SessionSpec>& sessions);

}  // namespace sessync::app
