#include <cstdio>

#include "daemon/cli/commands.h"
#include "manifest/load.h"

namespace sessync {

int session_names_command(const Settings& settings) {
  const auto manifest = load_manifest(settings.manifest.read());
  for (const auto& session : manifest.sessions()) {
    std::fputs((session.name + "\n").c_str(), stdout);
  }
  return exit_code::kOk;
}

}  // namespace sessync
