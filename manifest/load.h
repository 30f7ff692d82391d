#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "manifest/manifest.h"

namespace sessync::manifest {

/// Parses and validates one file alone: every problem of it in one run.
ManifestFile load_manifest_file(const ManifestText& file);

/// Whether the operator lets a session, the index-th of its file, have what it claims. Pure.
using MayHave = std::function<bool(const SessionSpec& session, std::size_t index, ClaimKind kind)>;

/// What decides beside the files.
struct LoadRules {
  std::string owner_if_none{};  ///< counts where files disagree and none has been in force
  MayHave may_have{};           ///< null: everybody may
  /// Names of files that had something and that are not there, but were a moment ago.
  std::set<std::string> lately_gone{};
};

/// Parses a set of files. Each stands alone: the sessions of a bad file are those that it has in
/// `last_good` (none if it is not there). A file that is gone is gone; one that could not be read
/// counts as bad. In what order the files stand decides nothing:
///
/// The owner in force is that of `last_good`, and becomes another one when every file names it,
/// also those that are lately gone. Where files disagree and there is none, it is `owner_if_none`;
/// without that they are all bad. A file that names another one is bad.
///
/// What two files claim (a name, a session id, a destination; `session_x` counts as `sesn_x`)
/// belongs to the one that has it in `last_good`, else to neither. It is an error of each of the
/// others, whose session is as it was in `last_good` if that is possible, else left out; over a
/// destination alone only its outputs are. The rest of such a file comes into force. What a file
/// had that is lately gone goes to one that claims it anew (the file was renamed, or a session
/// moved), and not to one that has been waiting for it.
///
/// What `may_have` says no to is nobody's rival, is not remembered, and is in force, to be denied,
/// only where no other file claims it.
Manifest load_manifest(const std::vector<ManifestText>& files, const Manifest& last_good = {},
                       const LoadRules& rules = {});

/// What load_manifest() needs to know at a start: nothing is in force yet but what was remembered.
Manifest manifest_before(const Holdings& remembered);

/// "file:line:col: error: message", the form of compilers.
std::string format_problem(const Problem& problem);

}  // namespace sessync::manifest
