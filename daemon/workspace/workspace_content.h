#pragma once

#include "reconciler/content_source.h"

namespace sessync {

/// Reads files of the workspace for uploading.
///
/// A path is opened beneath its root only, symlinks inside the root are followed, whatever is not a
/// regular file is refused without blocking. What cannot be opened or read, is shorter than planned
/// or has another digest is kSourceChanged: the next pass looks at it again.
class WorkspaceContent : public ContentSource {
 public:
  Result<std::unique_ptr<ContentReader>> open(const ContentRef& content) override;
};

}  // namespace sessync
