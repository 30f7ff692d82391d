#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/workspace/scan/scanner.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync::test {

using Lines = std::vector<std::string>;

manifest::DirectoryResource directory_source(std::string source, const Lines& include = {},
                                             const Lines& exclude = {});
manifest::FileResource file_source(std::string source);

/// The sha256 of `bytes` in hex.
std::string digest_of(std::string_view bytes);

/// A workspace, what is declared of it, and its scanner.
struct Workspace {
  TempTree tree;
  workspace::DigestCache cache;
  workspace::ScanOptions options{.settle = std::chrono::milliseconds{0}, .after_read = {}};
  std::vector<std::string> manifests;
  workspace::SecretPlaces secrets;
  std::string workspace = tree.path();

  std::vector<ports::SourceSnapshot> scan(const std::vector<manifest::ResourceVariant>& entries);
  /// Of one entry that must be available.
  ports::SourceFiles files(const manifest::ResourceVariant& entry);
  /// Of one entry that must not be.
  ports::SourceUnavailable unavailable(const manifest::ResourceVariant& entry);

  workspace::ScanStatistics statistics;  ///< of the last scan
};

Lines paths(const ports::SourceFiles& source);
Lines issue_paths(const ports::SourceFiles& source);

}  // namespace sessync::test
