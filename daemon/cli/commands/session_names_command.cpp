#include <string>

#include "daemon/app/state_choice.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/output/output.h"
#include "manifest/load.h"

namespace sessync::cli {

int session_names_command(const config::Settings& settings) {
  const auto manifest = app::judge_manifest(settings).manifest;
  std::string names;
  for (const auto& session : manifest.sessions()) {
    names += session.name + "\n";
  }
  print(names);
  return config::exit_code::kOk;
}

}  // namespace sessync::cli
