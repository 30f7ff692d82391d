#include "tests/daemon/workspace/scan/scan_fixture.h"

#include <catch2/catch.hpp>

namespace sessync::test {

DirectoryResource directory_source(std::string source, const Lines& include, const Lines& exclude) {
  DirectoryResource entry;
  entry.source = std::move(source);
  entry.include = Patterns::parse(include).value();
  entry.exclude = Patterns::parse(exclude).value();
  entry.mount_path = "/mounted";
  return entry;
}

FileResource file_source(std::string source) {
  return {.source = std::move(source), .mount_path = "/mounted"};
}

std::string digest_of(std::string_view bytes) {
  Sha256Stream stream;
  stream.update(bytes);
  return to_hex(stream.finish());
}

std::vector<SourceSnapshot> Workspace::scan(const std::vector<ResourceVariant>& entries) {
  std::vector<ResourceSpec> resources;
  resources.reserve(entries.size());
  for (const ResourceVariant& entry : entries) resources.push_back({.at = {}, .what = entry});
  Scanner scanner(cache, options);
  WorkspaceSnapshot snapshot =
      scanner.scan({.workspace = workspace, .manifests = manifests, .resources = resources});
  statistics = scanner.statistics();
  REQUIRE(snapshot.sources.size() == entries.size());
  return std::move(snapshot.sources);
}

SourceFiles Workspace::files(const ResourceVariant& entry) {
  const SourceSnapshot snapshot = scan({entry}).front();
  if (const auto* lost = std::get_if<SourceUnavailable>(&snapshot)) FAIL(lost->message);
  return std::get<SourceFiles>(snapshot);
}

SourceUnavailable Workspace::unavailable(const ResourceVariant& entry) {
  const SourceSnapshot snapshot = scan({entry}).front();
  REQUIRE(std::holds_alternative<SourceUnavailable>(snapshot));
  return std::get<SourceUnavailable>(snapshot);
}

Lines paths(const SourceFiles& source) {
  Lines all;
  for (const ScannedFile& file : source.files) all.push_back(file.path);
  return all;
}

Lines issue_paths(const SourceFiles& source) {
  Lines all;
  for (const ScanIssue& issue : source.issues) all.push_back(issue.path);
  return all;
}

}  // namespace sessync::test
