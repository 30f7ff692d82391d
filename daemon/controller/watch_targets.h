#pragma once

#include <string>
#include <vector>

#include "daemon/controller/manifest_source.h"
#include "daemon/watch/watch_target.h"
#include "manifest/load.h"

namespace sessync {

/// The name under which changes of the manifest itself are reported: no session's name is empty.
inline const std::string kManifestTarget;

/// What must be watched for a manifest: its own files, and of the workspace only what its sessions
/// can mount.
std::vector<WatchTarget> watch_targets(const Manifest& manifest, const ManifestSource& source,
                                       const std::string& workspace);

}  // namespace sessync
