#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "manifest/mount_path.h"
#include "manifest/spec.h"
#include "reconciler/desired/blocked.h"
#include "reconciler/desired/denied_mounts.h"
#include "reconciler/desired/left_out.h"
#include "reconciler/ports/content_source.h"
#include "reconciler/ports/snapshot.h"

namespace sessync::desired {

/// Content that was uploaded by somebody else, and is never read here.
struct UploadedContent {
  std::string file_id;
};

/// A file that the session must hold. Two with one content_key() have the same bytes.
struct DesiredFile {
  manifest::MountPath path;
  std::string mount_text;  ///< as it is sent: cleaned, but not canonical
  std::variant<ports::ContentRef, UploadedContent> content;

  /// Null for content that somebody else uploaded.
  [[nodiscard]] const ports::ContentRef* local() const {
    return std::get_if<ports::ContentRef>(&content);
  }
  /// The digest of local content, or the file id: what a refusal is remembered by.
  [[nodiscard]] const std::string& content_key() const;
};

/// Mounts below `prefix` (itself included) that must not be pruned, because what would say that
/// they are no longer wanted could not be read.
struct ProtectedTree {
  manifest::MountPath prefix;
  std::string reason;          ///< for operators: what is missing, or cannot be read
  bool source_missing = true;  ///< false: the source is there but selects nothing
};

/// A file whose content is not known yet, because reading it takes long. Its path is pending, and
/// nothing is pruned that could be the same file under an old name.
struct UnreadFile {
  manifest::MountPath path;
  std::string reason;
  std::uint64_t size = 0;  ///< 0: not known either
};

/// A repository that the session must have been created with: the API attaches none later.
struct DesiredRepository {
  manifest::MountPath path;
  manifest::RepositoryResource spec;
};

/// Spec resolved against the workspace: what the session must hold, and what cannot be decided.
struct DesiredState {
  std::map<manifest::MountPath, DesiredFile> files;
  std::vector<DesiredRepository> repositories;               ///< in the manifest's order
  std::vector<manifest::MemoryStoreResource> memory_stores;  ///< in the manifest's order
  std::vector<Blocked> blocked;
  std::vector<UnreadFile> unread;
  /// Contents that are not sent because they seem to hold a secret, by digest, and where they are
  /// declared. What a session has of them stays, here or where the file was before.
  std::map<std::string, manifest::MountPath> withheld;
  /// Paths of blocked and unread entries: what is mounted there stays.
  std::set<manifest::MountPath> kept;
  DeniedMounts denied;
  std::vector<ProtectedTree> protected_trees;
  /// Below these (themselves included) all that is mounted stays, because of what is declared there
  /// too much was found to look at each.
  std::vector<manifest::MountPath> kept_trees;
  std::uint64_t uncollected = 0;  ///< declared files of which nothing but their number is known
  LeftOutPaths left_out;
  std::vector<std::string> warnings;  ///< what was skipped in the workspace, for the log

  /// Something that is blocked, denied, or was not looked at may be declared at `path`.
  [[nodiscard]] bool may_declare(const manifest::MountPath& path) const;
  /// What is mounted at `path` stays, because of that, or because what a denied entry has mounted
  /// cannot be told from it.
  [[nodiscard]] bool keeps(const manifest::MountPath& path) const;
};

/// Total: whatever the workspace looks like, every declared file is desired, blocked or protected.
/// `snapshot.sources` has one element per resource of `spec`, in its order. Two entries that meet
/// on one path, or one above the other, are both blocked, because neither is more right than the
/// other. Pure.
DesiredState resolve(const manifest::SessionSpec& spec, const ports::WorkspaceSnapshot& snapshot);

}  // namespace sessync::desired
