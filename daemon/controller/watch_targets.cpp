#include "daemon/controller/watch_targets.h"

#include <algorithm>
#include <iterator>

#include "daemon/secrets/secret_files.h"
#include "daemon/watch/targets.h"

namespace sessync::controller {

std::vector<watch::WatchTarget> watch_targets(const manifest::Manifest& manifest,
                                              const runner::ManifestSource& source,
                                              const WatchRoots& roots) {
  std::vector<watch::WatchTarget> all{watch::manifest_target(kManifestTarget, source.path())};
  if (!roots.policy.empty()) {
    all.push_back(watch::secret_target(kManifestTarget, roots.policy));
  }
  for (const auto& session : manifest.sessions()) {
    auto targets = watch::workspace_targets(session.name, roots.workspace, session.resources);
    std::ranges::move(targets, std::back_inserter(all));
    for (const auto& file : secrets::secret_files(session, roots.secrets_dir)) {
      all.push_back(watch::secret_target(session.name, file.path));
    }
  }
  return all;
}

}  // namespace sessync::controller
