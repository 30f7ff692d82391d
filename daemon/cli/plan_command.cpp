#include <cstdio>

#include "daemon/cli/commands.h"
#include "daemon/cli/engine.h"
#include "daemon/cli/one_shot.h"

namespace sessync {

int plan_command(const Settings& settings) {
  const auto manifest = read_valid_manifest(settings);
  if (!manifest) {
    return exit_code::kBadManifest;
  }
  const auto sessions = select_sessions(*manifest, settings.options);
  if (!sessions) {
    return refuse({exit_code::kUsage, sessions.error()});
  }
  auto api = resolve_api_options(settings.options, process_environment());
  if (!api) {
    return refuse(api.error());
  }
  const auto engine = Engine::open(settings, std::move(*api), Engine::State::kReadOnly);
  if (!engine) {
    return refuse(engine.error());
  }
  const auto reports =
      for_each_session(*sessions, settings.options.workers, [&](const SessionSpec& spec) {
        return (*engine)->passes().run({spec, manifest->owner, {}, true, {}});
      });
  std::fputs(present(reports, settings.options).c_str(), stdout);
  return exit_code_of(reports, settings.options);
}

}  // namespace sessync
