#pragma once

#include <vector>

#include "manifest/manifest.h"
#include "manifest/parse/claims.h"

namespace sessync::manifest {

/// A file and what its sessions claim, each claim placed where it is written.
struct ParsedFile {
  ManifestFile file;
  Location owner_at;
  bool is_unread = false;                  ///< there was no text
  std::vector<std::vector<Claim>> claims;  ///< for each session
  /// What it names as files of tokens, also if it is bad: they are meant as secrets all the same.
  std::vector<NamedSecret> secrets;
};

ParsedFile parse_file(const ManifestText& text);

}  // namespace sessync::manifest
