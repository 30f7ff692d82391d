#pragma once

#include <span>
#include <string>
#include <vector>

#include "daemon/watch/watch_target.h"
#include "manifest/spec.h"

namespace sessync::watch {

/// What to watch so that `name` is reported when the scan of `resources` in `workspace` may come
/// out differently: only directories that can match, and the ignore files above them.
std::vector<WatchTarget> workspace_targets(const std::string& name, const std::string& workspace,
                                           std::span<const manifest::ResourceSpec> resources);

/// What to watch so that `name` is reported when the manifest changes: a file, or the *.yaml and
/// *.yml files of a directory.
WatchTarget manifest_target(const std::string& name, const std::string& manifest);

/// What to watch so that `name` is reported when a secret file changes.
WatchTarget secret_target(const std::string& name, const std::string& file);

}  // namespace sessync::watch
