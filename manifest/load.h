#pragma once

#include <string>
#include <vector>

#include "manifest/manifest.h"

namespace sessync::manifest {

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

}  // namespace sessync::manifest
