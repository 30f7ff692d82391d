#pragma once

#include <map>
#include <string>

#include "reconciler/ports/content_source.h"

namespace sessync {

/// Workspace content in memory, by path below the root.
class MemoryContentSource : public ContentSource {
 public:
  /// Sets the content at `path` and returns its reference.
  ContentRef put(const std::string& path, std::string bytes);
  /// Sets what the directory at `path` is packed into. Nothing says whether it is what was planned.
  ContentRef put_archive(const std::string& path, const ArchiveContent& archive, std::string bytes);
  void remove(const std::string& path) { files_.erase(path); }

  Result<std::unique_ptr<ContentReader>> open(const ContentRef& content) override;

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace sessync
