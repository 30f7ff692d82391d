#include "daemon/controller/watch_targets.h"

#include <algorithm>
#include <iterator>

#include "daemon/secrets/secret_files.h"
#include "daemon/watch/targets.h"

namespace sessync {

std::vector<WatchTarget> watch_targets(const Manifest& manifest, const ManifestSource& source,
                                       const WatchRoots& roots) {
  std::vector<WatchTarget> all{manifest_target(kManifestTarget, source.path())};
  for (const auto& session : manifest.sessions()) {
    auto targets = workspace_targets(session.name, roots.workspace, session.resources);
    std::ranges::move(targets, std::back_inserter(all));
    for (const auto& file : secret_files(session, roots.secrets_dir)) {
      all.push_back(secret_target(session.name, file));
    }
  }
  return all;
}

}  // namespace sessync
