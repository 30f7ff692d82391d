#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "manifest/mount_path.h"
#include "manifest/spec.h"
#include "reconciler/desired/desired.h"
#include "reconciler/ports/inventory.h"
#include "reconciler/tokens/rotation_decision.h"

/// What a plan intends, one type for each kind of change. Values: they hold no pointer into what
/// they were planned from, so a plan may outlive it. Sizes are bytes, ids those of the API.
namespace sessync::plan {

/// A declared file is mounted at a path where nothing is.
struct Add {
  desired::DesiredFile wanted;
  std::string reason;
  std::optional<std::uint64_t> size;  ///< nothing: not known before it is packed, or looked up
  /// Resource ids of the rows that must be gone before: those above or below the path, and in a
  /// full session the old row of a renamed file. The deletes themselves are actions too, with this
  /// path as their `chain`.
  std::vector<std::string> deletes;
  /// What a refused add displaced is put back; `wanted` names its upload. Nothing: as declared.
  std::optional<ports::Previous> restored;
};

/// A repository is attached while its session is created, with its token.
struct AddRepository {
  manifest::MountPath path;
  std::string reason;
  /// Why it is not known whether there is a token: its source was not asked. Nothing: there is.
  std::optional<std::string> unchecked;
};

/// A memory store is attached while its session is created. Where it is mounted the API decides.
struct AddMemoryStore {
  std::string memory_store_id;
};

/// A declared file takes the place of what is mounted at its path.
struct Replace {
  desired::DesiredFile wanted;
  std::string reason;
  std::optional<std::uint64_t> size;  ///< of the new content; nothing as in Add
  /// Resource ids of the rows that must be gone before, never empty: first those at the path, then
  /// those above or below it, whose deletes are actions as well.
  std::vector<std::string> deletes;
  /// Why what it replaces may be another manifest's; the guard holds it then.
  std::optional<std::string> doubt;

  [[nodiscard]] const std::string& resource_id() const { return deletes.front(); }
};

/// A repository of the session is sent its token.
struct Rotate {
  manifest::MountPath path;
  std::string reason;
  std::string resource_id;
  manifest::RepositoryResource repository;
  tokens::Rotation rotation;  ///< its verdict is kDue
};

/// A row that somebody else mounted, with the declared content, becomes ours. Only the state
/// changes.
struct Adopt {
  manifest::MountPath path;
  std::string reason;
  std::string resource_id;
  std::string sha256;
  std::optional<std::uint64_t> size;  ///< nothing for an archive, as in Add
};

/// A row is taken away.
struct Delete {
  manifest::MountPath path;
  std::string reason;
  std::string resource_id;
  std::uint64_t size = 0;

  /// What is known of the row's content: what its marker says, the upload that it was made from,
  /// and the copy that the session holds.
  std::optional<std::string> digest_prefix;
  std::optional<std::string> upload_file_id;
  std::optional<std::string> copy_file_id;

  bool is_rename = false;     ///< the content is declared at another path of the session
  bool is_duplicate = false;  ///< one of several rows of ours on one path; the guard ignores it
  /// It belongs to the add or replace at this path, and is blocked with it.
  std::optional<manifest::MountPath> chain;
  /// Why what would say that it is no longer wanted cannot be believed; the guard holds it then.
  std::optional<std::string> protection;
  bool in_doubt = false;  ///< the session may be another manifest's

  /// Whether the row has the content that DesiredFile::content_key() names.
  [[nodiscard]] bool holds(const std::string& content_key) const;
};

/// One intended change. In the order of the alternatives actions at one path are planned, and
/// printed.
using Action = std::variant<Add, AddRepository, AddMemoryStore, Replace, Rotate, Adopt, Delete>;

/// The action's name in output: add, replace, rotate, adopt, delete.
const char* verb_of(const Action& action);

/// The resource's type in output: file, github_repository, memory_store.
const char* type_of(const Action& action);

/// Where it is mounted; empty for memory stores.
const manifest::MountPath& path_of(const Action& action);

const std::string& reason_of(const Action& action);

/// Of the content that comes, or goes; nothing where that is not known or has no size.
std::optional<std::uint64_t> size_of(const Action& action);

/// Of the content that is declared, 64 hex digits. Null where that is not known. Lives as long as
/// the action.
const std::string* sha256_of(const Action& action);

/// Of the row that is replaced, rotated, adopted or deleted; null for adds. Lives as long as the
/// action.
const std::string* resource_id_of(const Action& action);

/// Something is attached that takes nobody's place, of whatever type.
bool is_add(const Action& action);

}  // namespace sessync::plan
