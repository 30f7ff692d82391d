#pragma once

#include <vector>

#include "manifest/manifest.h"
#include "manifest/parse/claims.h"

namespace sessync::manifest {

/// A file and what its sessions claim, each claim placed where it is written.
struct ParsedFile {
  ManifestFile file;
  Location owner_at;
  std::vector<std::vector<Claim>> claims;  ///< for each session
};

ParsedFile parse_file(const ManifestText& text);

}  // namespace sessync::manifest
