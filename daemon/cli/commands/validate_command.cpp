
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/plan_json.h"
#include "manifest/load.h"

namespace sessync::cli {

int validate_command(const config::Settings& settings) {
  const auto manifest = manifest::load_manifest(settings.manifest.read());
  const auto problems = manifest.problems();
  if (settings.options.json) {
    print(problems_document(problems));
  }
  for (const auto& problem : problems) {
    if (!settings.options.json) {
      print_error(manifest::format_problem(problem) + "\n");
    }
  }
  if (!manifest.valid()) {
    return config::exit_code::kBadManifest;
  }
  if (!settings.options.json) {
    print(settings.manifest.path() + ": valid, " + std::to_string(manifest.sessions().size()) +
          " sessions\n");
  }
  return config::exit_code::kOk;
}

}  // namespace sessync::cli
