#include "manifest/load.h"

#include <algorithm>

#include "manifest/parse/parsed_file.h"
#include "manifest/text/text.h"
#include "manifest/text/utf8.h"

namespace sessync::manifest {

bool ManifestFile::valid() const {
  return std::none_of(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.severity == Problem::Severity::kError;
  });
}

bool Manifest::valid() const {
  return std::all_of(files.begin(), files.end(),
                     [](const ManifestFile& file) { return file.valid(); });
}

std::vector<Problem> Manifest::problems() const {
  std::vector<Problem> all;
  for (const auto& file : files) {
    all.insert(all.end(), file.problems.begin(), file.problems.end());
  }
  return all;
}

std::vector<SessionSpec> Manifest::sessions() const {
  std::vector<SessionSpec> all;
  for (const auto& file : files) {
    all.insert(all.end(), file.sessions.begin(), file.sessions.end());
  }
  return all;
}

Manifest manifest_before(const Holdings& remembered) {
  Manifest manifest;
  manifest.owner = remembered.owner;
  manifest.held = remembered.claims;
  manifest.secrets = remembered.secrets;
  manifest.refused = remembered.refused;
  return manifest;
}

ManifestFile load_manifest_file(const ManifestText& file) { return parse_file(file).file; }

std::string format_problem(const Problem& problem) {
  std::string text = shown_file(problem.at.file) + ":";
  if (problem.at.line > 0) {
    text += std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) + ":";
  }
  text += problem.severity == Problem::Severity::kError ? " error: " : " warning: ";
  return text + printable(problem.message);
}

}  // namespace sessync::manifest
