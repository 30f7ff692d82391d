#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/workspace/scan/own_secrets.h"
#include "manifest/manifest.h"

namespace sessync::app {

/// The files that options name as keys and tokens of sessync's own: never a repository's token.
std::vector<std::string> option_secrets(const config::Options& options);

/// What this process reads as a secret, or keeps: key and token files of options and of the
/// manifest (also those that a file named while it was good), the directory for secrets if somebody
/// named one, the state.
workspace::SecretPlaces secret_places(const config::Settings& settings,
                                      const manifest::Manifest& manifest);

/// By manifest file: what it calls a secret and may not have. Nobody else has to leave that out,
/// but it is no source of its own either.
std::map<std::string, std::vector<std::string>> denied_secrets(const config::Settings& settings,
                                                               const manifest::Manifest& manifest);

}  // namespace sessync::app
