#pragma once

#include <map>
#include <string>

#include "reconciler/ports/content_source.h"

namespace sessync {

/// Workspace content in memory, by path below the root.
class MemoryContentSource : public ports::ContentSource {
 public:
  /// Sets the content at `path` and returns its reference.
  ports::ContentRef put(const std::string& path, std::string bytes);
  /// Sets what the directory at `path` is packed into. Nothing says whether it is what was planned.
  ports::ContentRef put_archive(const std::string& path, const ports::ArchiveContent& archive,
                                std::string bytes);
  void remove(const std::string& path) { files_.erase(path); }

  ports::Result<std::unique_ptr<ports::ContentReader>> open(
      const ports::ContentRef& content) override;

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace sessync
