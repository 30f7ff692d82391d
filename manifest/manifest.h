#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "manifest/spec.h"

namespace sessync::manifest {

/// Bytes above which a manifest file is refused unread.
inline constexpr std::size_t kMaxManifestBytes = 4U << 20U;

/// The bytes of one manifest file, read by the caller.
struct ManifestText {
  std::string path;  ///< as it is shown in problems
  std::string text;
  std::string read_error;  ///< why it could not be read; then `text` does not count
  friend bool operator==(const ManifestText&, const ManifestText&) = default;
};

/// One file of a manifest set.
struct ManifestFile {
  std::string path;
  std::string owner;
  std::vector<SessionSpec> sessions;
  std::vector<Problem> problems;  ///< sorted by position; warnings too

  [[nodiscard]] bool valid() const;  ///< no problem is an error
};

/// What is in force: each good file, and the last good version of each bad one.
struct Manifest {
  std::string owner;
  /// Sorted by path; sessions in force, problems of the newest text.
  std::vector<ManifestFile> files;
  std::vector<std::string> stale_files;  ///< those files whose sessions are an older, good version

  [[nodiscard]] bool valid() const;  ///< every file is valid
  [[nodiscard]] std::vector<Problem> problems() const;
  [[nodiscard]] std::vector<SessionSpec> sessions() const;
};

}  // namespace sessync::manifest
