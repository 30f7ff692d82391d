#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reconciler/observe/marker_reader.h"
#include "reconciler/ports/api_error.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync::gc {

/// A file of ours that nothing needs.
struct Garbage {
  ports::FileMetadata file;
  std::optional<std::string> session_id;  ///< of a copy; nothing for an upload
  ports::Duration age{0};                 ///< by the API's clock
  std::string why;                        ///< for people: what it was, and that nothing needs it
};

/// What is needed of an owner's uploads.
struct NeededUploads {
  std::set<std::string> digests;   ///< sha256 of what is declared
  std::set<std::string> file_ids;  ///< declared, or named by a write that is not closed
};

/// The uploads with `owner`'s marker that nothing needs; one that proves nothing counts only of a
/// recorded upload. Of several with a declared digest one is
/// needed: the recorded one, else the newest. Sorted by creation. Pure.
///
/// Ages are told by the API's clock alone: a file whose time cannot be read, or that came without
/// the time of the answer, is never garbage.
std::vector<Garbage> garbage_uploads(const std::vector<ports::FileMetadata>& uploads,
                                     const std::vector<ports::Upload>& recorded,
                                     const NeededUploads& needed, const std::string& owner,
                                     const ports::MarkerRules* markers = nullptr);

/// The copies with `owner`'s marker that no row of their session has. Sorted by creation. Pure.
std::vector<Garbage> garbage_copies(const std::vector<ports::FileMetadata>& session_files,
                                    const std::vector<ports::ResourceRow>& rows,
                                    const std::string& owner,
                                    const ports::MarkerRules* markers = nullptr);

/// One of `files` has `owner`'s marker, and nothing can be said of its age.
bool has_undated(const std::vector<ports::FileMetadata>& files, const std::string& owner,
                 const ports::MarkerRules* markers = nullptr);

}  // namespace sessync::gc
