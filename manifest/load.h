#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/spec.h"

namespace sessync {

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
  std::vector<ManifestFile>
      files;  ///< sorted by path; sessions in force, problems of the newest text
  std::vector<std::string> stale_files;  ///< those files whose sessions are an older, good version

  [[nodiscard]] bool valid() const;  ///< every file is valid
  [[nodiscard]] std::vector<Problem> problems() const;
  [[nodiscard]] std::vector<SessionSpec> sessions() const;
};

/// Bytes above which a manifest file is refused unread.
inline constexpr std::size_t kMaxManifestBytes = 4U << 20U;

/// Parses and validates one file alone: every problem of it in one run.
ManifestFile load_manifest_file(const ManifestText& file);

/// Parses a set of files. Each stands alone: the sessions of a bad file are those that it has in
/// `last_good` (none if it is not there). What two files claim (a name, a session id, a
/// destination; `session_x` counts as `sesn_x`), and an owner that differs from the first file's,
/// is an error of the later file, whose last good version then stays in force. A file that is gone
/// is gone; one that could not be read counts as bad.
Manifest load_manifest(const std::vector<ManifestText>& files, const Manifest& last_good = {});

/// "file:line:col: error: message", the form of compilers.
std::string format_problem(const Problem& problem);

}  // namespace sessync
