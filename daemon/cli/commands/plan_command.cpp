#include <cstdio>

#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/output.h"

namespace sessync {

int plan_command(const Settings& settings) {
  const auto shot = prepare(settings, Services::State::kReadOnly);
  if (!shot) {
    return shot.error();
  }
  auto reports =
      for_each_session(shot->sessions, settings.options.workers, [&](const SessionSpec& spec) {
        PassRequest request;
        request.spec = spec;
        request.owner = shot->owner;
        request.dry_run = true;
        return shot->services->passes().run(request);
      });
  if (!settings.state_dir) {
    warn_of_forgetting(reports);
  }
  print(present(reports, settings.options));
  std::fputs(remarks(reports, settings.options).c_str(), stderr);
  return exit_code_of(reports, settings.options);
}

}  // namespace sessync
