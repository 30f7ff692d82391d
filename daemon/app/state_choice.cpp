#include "daemon/app/state_choice.h"

#include <utility>

#include "daemon/state/state_database.h"
#include "reconciler/observe/find_session.h"
#include "reconciler/policy/judge.h"

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
  if (!manifest.valid()) {
    choice.settings.state_dir = state::find_state_of(*settings.state_dir, settings.manifest.path());
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

/// Only where files disagree it matters what was in force before.
Verdict judge_manifest(const config::Settings& settings) {
  const auto texts = settings.manifest.read();
  const auto boundaries = policy::draw(settings.policy.read());
  const manifest::LoadRules rules{.owner_if_none = settings.options.owner,
                                  .may_have = policy::claim_rights(boundaries)};
  auto manifest = manifest::load_manifest(texts, {}, rules);
  auto choice = choose_state(settings, manifest);
  if (!manifest.valid() && choice.settings.state_dir) {
    const auto before = state::StateDatabase::peek_holdings(*choice.settings.state_dir);
    manifest = manifest::load_manifest(texts, manifest::manifest_before(before), rules);
  }
  return {policy::judge(manifest, boundaries), std::move(choice)};
}

}  // namespace sessync::app
