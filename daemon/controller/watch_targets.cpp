#include "daemon/controller/watch_targets.h"

#include <algorithm>
#include <iterator>

#include "daemon/watch/targets.h"

namespace sessync {

std::vector<WatchTarget> watch_targets(const Manifest& manifest, const ManifestSource& source,
                                       const std::string& workspace) {
  std::vector<WatchTarget> all{manifest_target(kManifestTarget, source.path())};
  for (const auto& session : manifest.sessions()) {
    auto targets = workspace_targets(session.name, workspace, session.resources);
    std::ranges::move(targets, std::back_inserter(all));
  }
  return all;
}

}  // namespace sessync
