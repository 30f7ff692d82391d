#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "manifest/spec.h"
#include "reconciler/desired/blocked.h"
#include "reconciler/plan/action.h"
#include "reconciler/ports/session_api.h"

namespace sessync::plan {

/// Below it a canonical path is one that the API takes as it is.
inline constexpr const char* kUploadsRoot = "/mnt/session/uploads";

/// The session is made, with everything that is declared.
struct CreateSession {
  manifest::CreateSpec spec;
  std::string content;  ///< what a refusal is remembered by, see creation_hash()
};

/// The session gets the declared title and metadata, and the key by which it is found again.
struct UpdateSession {
  std::vector<std::string> fields;  ///< what differs, never empty: "title", "metadata"
  ports::SessionUpdate update;
};

/// What is done to the session itself, if anything. One that leaves the manifest is neither
/// archived nor deleted.
using SessionChange = std::variant<std::monostate, CreateSession, UpdateSession>;

/// The change's name in output: none, create, update.
const char* to_string(const SessionChange& change);

inline bool is_none(const SessionChange& change) {
  return std::holds_alternative<std::monostate>(change);
}
inline bool is_create(const SessionChange& change) {
  return std::holds_alternative<CreateSession>(change);
}

/// A row that is left alone.
struct Unmanaged {
  std::string type;  ///< as the API calls it; may be one that this version does not know
  manifest::MountPath path;
  std::string resource_id;
};

/// A declared resource that the session has as it is declared.
struct Unchanged {
  manifest::MountPath path;           ///< empty for memory stores without one
  std::optional<std::uint64_t> size;  ///< bytes, of files
  std::optional<std::string> sha256;  ///< 64 hex digits, of local content
  /// Why it may turn out otherwise when this is applied; nothing: it will not.
  std::optional<std::string> unchecked{};
};

/// A path about which nothing can be decided in this pass; the next one tries again. While there is
/// any, the session is not settled, and nothing is pruned that could be what was there before.
struct Pending {
  manifest::MountPath path;
  std::string reason;
  bool unread = false;     ///< it is large and still being read
  std::uint64_t size = 0;  ///< then: how large, in bytes; 0: not known
};

/// Deletes that the guard holds back, and the id that lets exactly these through once.
struct Held {
  std::string id;                         ///< 12 hex digits, for --allow-deletes
  std::vector<std::string> resource_ids;  ///< sorted
};

/// What a pass would do, or did: values alone, so that it can be kept, copied and compared with
/// another one. Every list is sorted by path. A path can be in several: an unchanged file beside
/// the delete of a duplicate row.
struct Plan {
  std::vector<Action> actions;
  std::vector<desired::Blocked> blocked;
  std::vector<Unmanaged> unmanaged;
  std::vector<Unchanged> unchanged;
  std::vector<Pending> pending;
  std::optional<Held> held;
  std::uint64_t rows_now = 0;     ///< file rows of the session, ours and others'
  std::uint64_t owned = 0;        ///< of those, ours
  std::uint64_t cap = 0;          ///< file rows that the session can have, as far as is known
  bool doubt_is_settled = false;  ///< an id let deletes through that were held back by doubt
  SessionChange session;

  [[nodiscard]] bool empty() const { return actions.empty() && is_none(session); }
  /// empty(), but for tokens that are sent only because none is remembered.
  [[nodiscard]] bool changes_nothing() const;
};

}  // namespace sessync::plan
