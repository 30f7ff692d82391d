#include <cstdio>
#include <map>
#include <tuple>
#include <vector>

#include "daemon/cli/commands/commands.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/plan_json.h"
#include "daemon/workspace/scan/survey.h"
#include "manifest/load.h"
#include "manifest/text/utf8.h"

namespace sessync::cli {
namespace {

/// Those of `defaults` once, not for every session.
std::vector<manifest::ResourceSpec> distinct_resources(const manifest::Manifest& manifest) {
  std::map<std::tuple<std::string, int, int>, manifest::ResourceSpec> by_place;
  for (const auto& session : manifest.sessions()) {
    for (const auto& resource : session.resources) {
      const auto& at = resource.at;
      by_place.try_emplace({at.file, at.line, at.column}, resource);
    }
  }
  std::vector<manifest::ResourceSpec> all;
  all.reserve(by_place.size());
  for (auto& [place, resource] : by_place) all.push_back(std::move(resource));
  return all;
}

/// "" if nothing is.
std::string left_out(const config::Settings& settings, const manifest::Manifest& manifest) {
  const auto resources = distinct_resources(manifest);
  const auto count = workspace::survey({.workspace = settings.workspace,
                                        .manifests = {settings.manifest.path()},
                                        .resources = resources});
  return count.none()
             ? ""
             : settings.manifest.path() +
                   ": left out by default: " + manifest::printable(desired::describe(count)) + "\n";
}

}  // namespace

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
          " sessions\n" + left_out(settings, manifest));
  }
  return config::exit_code::kOk;
}

}  // namespace sessync::cli
