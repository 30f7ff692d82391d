#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "reconciler/ports/content_source.h"

namespace sessync::workspace {

/// Reads files of the workspace for uploading. Safe to use from many threads.
///
/// A path is opened beneath its root only, symlinks inside the root are followed, whatever is not a
/// regular file is refused without blocking. What cannot be opened or read, is shorter than planned
/// or has another digest is kSourceChanged: the next pass looks at it again.
///
/// An archive is packed when it is opened (see archive_pack.h), into a file without a name in the
/// spool directory, which needs room for it and gets it back when the reader is destroyed.
/// kNotStored if the spool cannot be written.
class WorkspaceContent : public ports::ContentSource {
 public:
  /// Spools below TMPDIR, /tmp without one.
  WorkspaceContent();
  explicit WorkspaceContent(std::string spool_directory)
      : spool_directory_(std::move(spool_directory)) {}

  ports::Result<std::unique_ptr<ports::ContentReader>> open(
      const ports::ContentRef& content) override;
  void stop_packing() override { stopped_ = true; }

 private:
  std::string spool_directory_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace sessync::workspace
