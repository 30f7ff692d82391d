#include "tests/daemon/workspace/scan/scan_fixture.h"

#include <catch2/catch.hpp>

namespace sessync::test {

manifest::DirectoryResource directory_source(std::string source, const Lines& include,
                                             const Lines& exclude) {
  manifest::DirectoryResource entry;
  entry.source = std::move(source);
  entry.include = manifest::Patterns::parse(include).value();
  entry.exclude = manifest::Patterns::parse(exclude).value();
  entry.mount_path = "/mounted";
  return entry;
}

manifest::FileResource file_source(std::string source) {
  return {.source = std::move(source), .mount_path = "/mounted"};
}

std::string digest_of(std::string_view bytes) {
  os::Sha256Stream stream;
  stream.update(bytes);
  return os::to_hex(stream.finish());
}

std::vector<ports::SourceSnapshot> Workspace::scan(
    const std::vector<manifest::ResourceVariant>& entries) {
  std::vector<manifest::ResourceSpec> resources;
  resources.reserve(entries.size());
  for (const manifest::ResourceVariant& entry : entries)
    resources.push_back({.at = {}, .what = entry});
  workspace::Scanner scanner(cache, options);
  ports::WorkspaceSnapshot snapshot =
      scanner.scan({.workspace = workspace,
                    .manifests = manifests,
                    .resources = resources,
                    .secrets = std::make_shared<workspace::SecretPlaces>(secrets)});
  statistics = scanner.statistics();
  REQUIRE(snapshot.sources.size() == entries.size());
  return std::move(snapshot.sources);
}

ports::SourceFiles Workspace::files(const manifest::ResourceVariant& entry) {
  const ports::SourceSnapshot snapshot = scan({entry}).front();
  if (const auto* lost = std::get_if<ports::SourceUnavailable>(&snapshot)) FAIL(lost->message);
  return std::get<ports::SourceFiles>(snapshot);
}

ports::SourceUnavailable Workspace::unavailable(const manifest::ResourceVariant& entry) {
  const ports::SourceSnapshot snapshot = scan({entry}).front();
  REQUIRE(std::holds_alternative<ports::SourceUnavailable>(snapshot));
  return std::get<ports::SourceUnavailable>(snapshot);
}

Lines paths(const ports::SourceFiles& source) {
  Lines all;
  for (const ports::ScannedFile& file : source.files) all.push_back(file.path);
  return all;
}

Lines issue_paths(const ports::SourceFiles& source) {
  Lines all;
  for (const ports::ScanIssue& issue : source.issues) all.push_back(issue.path);
  return all;
}

}  // namespace sessync::test
