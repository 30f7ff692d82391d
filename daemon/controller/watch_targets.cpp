#include "daemon/controller/watch_targets.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "daemon/workspace/source_filter.h"

namespace sessync {
namespace {

class TargetList {
 public:
  explicit TargetList(std::string workspace) : workspace_(std::move(workspace)) {}

  void add(const std::string& session, const FileResource& entry) {
    targets.push_back({session, workspace_ + "/" + entry.source, {}, {}});
  }
  void add(const std::string& session, const DirectoryResource& entry) {
    const auto filter = std::make_shared<const SourceFilter>(entry.include, entry.exclude);
    targets.push_back({session, entry.source.empty() ? workspace_ : workspace_ + "/" + entry.source,
                       [filter](std::string_view directory) { return filter->enters(directory); },
                       [filter](std::string_view file) {
                         return file.ends_with(".sessyncignore") || filter->takes(file);
                       }});
  }
  template <class Entry>
  void add(const std::string& /*session*/, const Entry& /*reads no workspace*/) {}

  std::vector<WatchTarget> targets;

 private:
  std::string workspace_;
};

WatchTarget manifest_target(const ManifestSource& source) {
  if (!source.is_directory()) {
    return {kManifestTarget, source.path(), {}, {}};
  }
  return {kManifestTarget, source.path(), [](std::string_view) { return false; },
          [](std::string_view file) { return file.ends_with(".yaml") || file.ends_with(".yml"); }};
}

}  // namespace

std::vector<WatchTarget> watch_targets(const Manifest& manifest, const ManifestSource& source,
                                       const std::string& workspace) {
  TargetList list(workspace);
  list.targets.push_back(manifest_target(source));
  for (const auto& session : manifest.sessions()) {
    for (const auto& resource : session.resources) {
      std::visit([&](const auto& entry) { list.add(session.name, entry); }, resource.what);
    }
  }
  return std::move(list.targets);
}

}  // namespace sessync
