
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/commands/one_shot.h"
#include "daemon/cli/output/output.h"

namespace sessync::cli {

int plan_command(const config::Settings& settings) {
  const auto shot = prepare(settings, app::Services::State::kReadOnly);
  if (!shot) {
    return shot.error();
  }
  auto reports = for_each_session(shot->sessions, settings.options.workers,
                                  [&](const manifest::SessionSpec& spec) {
                                    runner::PassRequest request;
                                    request.spec = spec;
                                    request.owner = shot->owner;
                                    request.dry_run = true;
                                    return shot->services->passes().run(request);
                                  });
  if (!settings.state_dir) {
    warn_of_forgetting(reports);
  }
  print(present(reports, settings.options));
  print_error(remarks(reports, settings.options));
  return exit_code_of(reports, settings.options);
}

}  // namespace sessync::cli
