#pragma once

#include <string>
#include <vector>

#include "daemon/pass/manifest_source.h"
#include "daemon/watch/watch_target.h"
#include "manifest/load.h"

namespace sessync::controller {

/// The name under which changes of the manifest itself are reported: no session's name is empty.
inline const std::string kManifestTarget;

/// Where relative paths of a manifest lead; absolute.
struct WatchRoots {
  std::string workspace;
  std::string secrets_dir;
  std::string policy{};  ///< "": there is none
};

/// What must be watched for a manifest: its own files, of the workspace only what its sessions can
/// mount, and the files that hold their tokens; the policy, if there is one.
std::vector<watch::WatchTarget> watch_targets(const manifest::Manifest& manifest,
                                              const runner::ManifestSource& source,
                                              const WatchRoots& roots);

}  // namespace sessync::controller
