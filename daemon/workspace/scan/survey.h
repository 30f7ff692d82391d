#pragma once

#include "daemon/workspace/scan/scanner.h"
#include "reconciler/desired/left_out.h"

namespace sessync::workspace {

/// What is left out by default of what the entries select. Walks their directories and reads no
/// file but ignore files; a source that cannot be read counts for nothing.
desired::LeftOutPaths::Count survey(const ScanRequest& request);

}  // namespace sessync::workspace
