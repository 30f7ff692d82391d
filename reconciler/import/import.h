#pragma once

#include <string>
#include <vector>

#include "reconciler/ports/marker_key.h"
#include "reconciler/ports/session_api.h"

namespace sessync::importer {

/// What was read of one live session.
struct LiveSession {
  ports::SessionInfo info;
  std::vector<ports::ResourceRow> rows;
  std::vector<ports::FileMetadata> files;  ///< its copies and outputs
};

struct ImportedManifest {
  std::string text;
  /// What keeps the text from being a valid manifest. Empty unless the API answered something that
  /// no manifest can say of a session.
  std::vector<std::string> problems;
};

/// A manifest that declares everything that `sessions` hold, so that a plan right after is empty.
/// Pure.
///
/// Files are declared by the id of the session's copy, at the path as it was listed; repositories
/// without a token. What cannot be declared (a row of unknown type, a path or URL that no manifest
/// may have, the second of two rows on one path) stands there as a comment with the reason. A
/// session is named by its title, where that makes a valid name that no other has, otherwise by its
/// id.
///
/// The owner is that of the markers of the declared files that prove something, if all agree; it is
/// "imported" if they do not, if there are none, or if a file with a marker could not be declared:
/// under its owner's name it would be deleted.
ImportedManifest import_sessions(const std::vector<LiveSession>& sessions,
                                 const ports::MarkerRules* markers = nullptr);

}  // namespace sessync::importer
