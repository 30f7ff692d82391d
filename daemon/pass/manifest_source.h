#pragma once

#include <string>
#include <vector>

#include "manifest/load.h"

namespace sessync::runner {

/// One file as it is now, at most one byte more of it than may be parsed.
manifest::ManifestText text_of(const std::string& path);

/// Reads the manifest: one YAML file, or every *.yaml and *.yml directly in a directory, of which
/// no symlink leads out. A single file is named by whoever starts sessync: wherever it leads it is
/// read.
class ManifestSource {
 public:
  explicit ManifestSource(std::string path);

  /// Every file as it is now, for load_manifest(). Never empty: a path that is missing or holds no
  /// manifest is one text with a read error.
  [[nodiscard]] std::vector<manifest::ManifestText> read() const;

  /// The directory that a relative source is relative to unless --workspace says otherwise.
  [[nodiscard]] std::string default_workspace() const;

  /// Where the path leads just now, through every link; "" if nowhere. A pass whose manifest was
  /// read from elsewhere is stale: manifest and workspace may lie behind one link that was swapped.
  [[nodiscard]] std::string resolved() const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool is_directory() const;

  /// The files that make up the manifest now, absolute: never mirrored themselves.
  [[nodiscard]] std::vector<std::string> files() const;

 private:
  std::string path_;  ///< absolute, links not followed
};

}  // namespace sessync::runner
