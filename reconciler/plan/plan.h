#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/desired/blocked.h"
#include "reconciler/desired/desired.h"
#include "reconciler/observe/observed.h"
#include "reconciler/tokens/rotation_decision.h"

namespace sessync {

/// Below it a canonical path is one that the API takes as it is.
inline constexpr const char* kUploadsRoot = "/mnt/session/uploads";

/// One intended change.
struct Action {
  enum class Kind { kAdd, kReplace, kRotate, kAdopt, kDelete };
  Kind kind = Kind::kAdd;
  std::string type = "file";
  MountPath path;
  std::string reason;
  std::optional<std::uint64_t> size;
  std::string sha256;       ///< "" where it is not known
  std::string resource_id;  ///< the row replaced, adopted or deleted

  /// Rotations: of which repository, and what is known of the token that would be sent.
  std::optional<RepositoryResource> repository;
  Rotation rotation;

  /// Adds and replaces: what to attach, and every row that must be gone before.
  std::optional<DesiredFile> wanted;
  std::vector<std::string> deletes;
  /// Adds: what a refused add displaced is put back; `wanted` names its upload.
  std::optional<Previous> restored;

  /// Deletes: what the row's marker says of its content; "" without one.
  std::string digest_prefix;
  /// Deletes: the upload that the row was made from, and the copy; "" where that is not known.
  std::string upload_file_id;
  std::string copy_file_id;
  /// Deletes: the content is declared at another path of the session (a rename).
  bool is_rename = false;
  /// Deletes: one of several rows of ours on one path; the guard does not count it.
  bool is_duplicate = false;
  /// Deletes: belongs to the add at this path, which is blocked if the guard holds the delete.
  std::optional<MountPath> chain;
  /// Deletes and replaces: why what would say so cannot be believed; "" if it can.
  std::string protection;
  /// `protection` is that the session may be another manifest's.
  bool in_doubt = false;

  /// Deletes: whether the row has the content that DesiredFile::content_key() names.
  [[nodiscard]] bool holds(const std::string& content_key) const;
};

/// What is done to the session itself.
struct SessionChange {
  enum class Kind { kNone, kCreate, kUpdate };
  Kind kind = Kind::kNone;
  CreateSpec spec;                  ///< kCreate
  std::string content;              ///< kCreate: what a refusal is remembered by
  std::vector<std::string> fields;  ///< kUpdate: "title", "metadata"
  SessionUpdate update;             ///< kUpdate
};

/// The action's name in output: add, replace, rotate, adopt, delete.
const char* to_string(Action::Kind kind);

struct Unmanaged {
  std::string type;
  MountPath path;
  std::string resource_id;
};

struct Unchanged {
  MountPath path;
  std::optional<std::uint64_t> size;
  std::string sha256;
  std::string unchecked{};  ///< why it may turn out otherwise when this is applied; "": it will not
};

/// A path about which nothing can be decided in this pass; the next one looks again.
struct Pending {
  MountPath path;
  std::string reason;
  bool unread = false;     ///< it is large and still being read
  std::uint64_t size = 0;  ///< then: how large; 0: not known
};

/// Deletes that the guard holds back, and the id that lets exactly these through once.
struct Held {
  std::string id;
  std::vector<std::string> resource_ids;  ///< sorted
};

/// What a pass would do, or did. Every list is sorted by path.
struct Plan {
  std::vector<Action> actions;
  std::vector<Blocked> blocked;
  std::vector<Unmanaged> unmanaged;
  std::vector<Unchanged> unchanged;
  std::vector<Pending> pending;
  std::optional<Held> held;
  std::uint64_t rows_now = 0;     ///< file rows of the session, ours and others'
  std::uint64_t owned = 0;        ///< of those, ours
  std::uint64_t cap = 0;          ///< file rows that the session can have, as far as is known
  bool doubt_is_settled = false;  ///< an id let deletes through that were held back by doubt
  SessionChange session;

  [[nodiscard]] bool empty() const {
    return actions.empty() && session.kind == SessionChange::Kind::kNone;
  }
  /// empty(), but for tokens that are sent only because none is remembered.
  [[nodiscard]] bool changes_nothing() const;
};

}  // namespace sessync
