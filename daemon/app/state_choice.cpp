#include "daemon/app/state_choice.h"

#include <utility>

#include "reconciler/observe/find_session.h"

namespace sessync::app {

state::StateOrigin origin_of(const config::Settings& settings, const manifest::Manifest& manifest) {
  state::StateOrigin origin{settings.manifest.path(), manifest.owner, {}};
  for (const auto& session : manifest.sessions()) {
    origin.sessions.push_back(
        session.session_id.value_or(observe::session_key(manifest.owner, session.name)));
  }
  return origin;
}

StateChoice choose_state(const config::Settings& settings, const manifest::Manifest& manifest) {
  StateChoice choice{settings, {}};
  if (!settings.state_dir || !settings.state_dir_is_usual) {
    return choice;
  }
  const auto related =
      state::find_related_state(*settings.state_dir, origin_of(settings, manifest));
  if (!related) {
    return choice;
  }
  const auto whose = related->directory + " is of " + related->manifest;
  if (!related->is_usable) {
    choice.note = "there is no state of " + settings.manifest.path() + " yet; the state in " +
                  whose +
                  ", which has the same owner and sessions and is still there, is not used: give "
                  "each manifest an owner and sessions of its own, or name that directory with "
                  "--state-dir";
    return choice;
  }
  choice.settings.state_dir = related->directory;
  if (related->manifest != settings.manifest.path()) {
    choice.note = "the state in " + whose +
                  ", which is not there any more and had the same owner and sessions: it is used";
  }
  return choice;
}

}  // namespace sessync::app
