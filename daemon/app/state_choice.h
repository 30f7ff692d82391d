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
/// that it had, if owner and sessions agree and nothing is left at its old path. Of a manifest with
/// errors, the state that it had last.
StateChoice choose_state(const config::Settings& settings, const manifest::Manifest& manifest);

struct Verdict {
  manifest::Manifest manifest;
  StateChoice choice;
};

/// What the files as they are now come to beside what is remembered of those before: the same for
/// every command, and for a daemon that starts now. Takes no lock, writes nothing.
Verdict judge_manifest(const config::Settings& settings);

}  // namespace sessync::app
