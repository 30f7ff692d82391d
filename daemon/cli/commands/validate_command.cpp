#include <cstdio>
#include <map>
#include <memory>
#include <tuple>
#include <variant>
#include <vector>

#include "daemon/app/secret_places.h"
#include "daemon/app/state_choice.h"
#include "daemon/cli/commands/commands.h"
#include "daemon/cli/output/output.h"
#include "daemon/cli/output/plan_json.h"
#include "daemon/workspace/scan/source_scan.h"
#include "daemon/workspace/scan/survey.h"
#include "manifest/load.h"
#include "manifest/text/text.h"
#include "manifest/text/utf8.h"
#include "reconciler/policy/judge.h"

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

/// A secret of sessync's own as the source of an entry.
manifest::Problem secret_source(const manifest::ResourceSpec& entry) {
  const auto& source = std::get<manifest::FileResource>(entry.what).source;
  return {.at = entry.at,
          .severity = manifest::Problem::Severity::kError,
          .code = "secret_source",
          .message = "\"source\": \"" + manifest::printable(source) + "\"" +
                     workspace::secret_source_text()};
}

}  // namespace

int validate_command(const config::Settings& settings) {
  const auto manifest = app::judge_manifest(settings).manifest;
  const auto resources = distinct_resources(manifest);
  const auto found = workspace::survey({.workspace = settings.workspace,
                                        .manifests = {settings.manifest.path()},
                                        .resources = resources,
                                        .secrets = std::make_shared<workspace::SecretPlaces>(
                                            app::secret_places(settings, manifest))});
  auto problems = manifest.problems();
  for (const auto index : found.secrets) problems.push_back(secret_source(resources[index]));
  const auto violations = policy::violations(manifest);
  problems.insert(problems.end(), violations.begin(), violations.end());
  if (settings.options.json) {
    print(problems_document(problems));
  }
  for (const auto& problem : problems) {
    if (!settings.options.json) {
      print_error(manifest::format_problem(problem) + "\n");
    }
  }
  if (!manifest.valid() || !found.secrets.empty() || !violations.empty()) {
    return config::exit_code::kBadManifest;
  }
  if (!settings.options.json) {
    const auto path = manifest::shown_file(settings.manifest.path());
    print(path + ": valid, " + std::to_string(manifest.sessions().size()) + " sessions\n");
    if (!found.left_out.none()) {
      print(path + ": left out by default: " +
            manifest::printable(desired::describe(found.left_out)) + "\n");
    }
  }
  return config::exit_code::kOk;
}

}  // namespace sessync::cli
