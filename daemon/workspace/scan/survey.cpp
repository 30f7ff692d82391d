#include "daemon/workspace/scan/survey.h"

#include <filesystem>

#include <fcntl.h>

#include "daemon/os/path_text.h"
#include "daemon/workspace/scan/source_scan.h"

namespace sessync::workspace {
namespace {

/// Surveys one entry after the other.
struct Survey {
  const os::Beneath& root;
  const ManifestPaths& manifests;
  IgnoreFiles ignore_files;
  desired::LeftOutPaths found;

  void operator()(const manifest::DirectoryResource& entry) { walk(TreeSource(entry)); }
  void operator()(const manifest::ArchiveResource& entry) { walk(TreeSource(entry)); }

  /// Entries of one file, or of none.
  template <class Other>
  void operator()(const Other& /*entry*/) {}

  void walk(const TreeSource& entry) {
    const auto fd = root.open_at(entry.source, O_PATH | O_DIRECTORY, os::Beneath::Links::kFollow);
    if (!fd) return;
    const std::string location = root.path_of(fd->get()).value_or(entry.source);
    const SourceFilter filter(entry.include, entry.exclude, entry.allow, location);
    ports::SourceFiles files;
    TreeWalk tree(root, {filter, manifests, ignore_files, entry.gitignore}, location);
    if (!tree.run([](const FoundFile&) {}, files)) return;
    for (const ports::LeftOut& one : files.left_out) {
      found.add(one, os::join_path(location, one.path), one.path);
    }
  }
};

}  // namespace

desired::LeftOutPaths::Count survey(const ScanRequest& request) {
  std::error_code error;
  const std::string path = std::filesystem::canonical(request.workspace, error).string();
  const auto root = os::Beneath::open(path);
  if (error || !root) return {};
  const ManifestPaths manifests(request.workspace, path, request.manifests);
  Survey survey{.root = *root, .manifests = manifests, .ignore_files = {}, .found = {}};
  for (const manifest::ResourceSpec& resource : request.resources) {
    std::visit(survey, resource.what);
  }
  return survey.found.count();
}

}  // namespace sessync::workspace
