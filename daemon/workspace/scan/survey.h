#pragma once

#include <cstddef>
#include <vector>

#include "daemon/workspace/scan/scanner.h"
#include "reconciler/desired/left_out.h"

namespace sessync::workspace {

/// What can be said of sources without a look at the session.
struct Survey {
  desired::LeftOutPaths::Count left_out;  ///< of what the entries select
  /// Indices of entries whose single file is, or would be, a secret of sessync's own.
  std::vector<std::size_t> secrets;
};

/// Walks the directories of the entries and reads no file but ignore files; a source that cannot be
/// read counts for nothing.
Survey survey(const ScanRequest& request);

}  // namespace sessync::workspace
