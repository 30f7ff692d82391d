#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manifest/mount_path.h"
#include "reconciler/desired/desired.h"
#include "reconciler/observe/marker.h"
#include "reconciler/observe/marker_reader.h"
#include "reconciler/ports/session_api.h"
#include "reconciler/ports/state_store.h"

namespace sessync::observe {

/// Whose a file row is.
enum class Ownership {
  kOurs,         ///< owned by the inventory
  kUnmanaged,    ///< somebody else's
  kOtherDaemon,  ///< carries our owner name, but we did not put it there
  kUnknown,      ///< its name could not be learned: unknown is not different
};

/// A file row of the session.
struct ObservedFile {
  std::string resource_id;   ///< what a delete names; changes with every add
  std::string copy_file_id;  ///< the session's own copy, never an upload
  manifest::MountPath path;  ///< canonical, from what the API answered
  std::string created_at;    ///< RFC 3339, only to order rows of one path
  Ownership ownership = Ownership::kUnknown;
  std::string filename;                       ///< of the copy; "" if there is none any more
  std::uint64_t size = 0;                     ///< bytes, of the copy
  std::optional<std::string> upload_file_id;  ///< the upload it was made from, if that is known
  std::optional<Marker> marker;               ///< of any owner, as far as it can be believed
  std::optional<Unproven> unproven{};         ///< it claims our owner, and proves nothing
  bool in_doubt = false;                      ///< ours, unless this is another manifest's session
};

/// A repository, a memory store, or a row that we do not understand: of an unknown type, or a file
/// of which the API does not say where it is. None of them can be replaced or removed by us.
struct FixedResource {
  std::string type;
  std::string resource_id;  ///< of a memory store: its id; may be empty
  manifest::MountPath path;
  ports::ResourceRow row;

  /// Not understood: whatever it is, it is left alone, also by `prune: all`.
  [[nodiscard]] bool opaque() const { return std::holds_alternative<ports::OpaqueRow>(row); }
};

/// What made way for an add that was refused, and is in the session no more.
struct Displaced {
  manifest::MountPath added_at;  ///< the declared path that it made way for
  ports::Previous content;
  friend bool operator==(const Displaced&, const Displaced&) = default;
};

/// What the session holds, normalised: paths are canonical, rows that we deleted and a lagging list
/// still shows are left out, and rows that it does not show yet are in.
struct ObservedState {
  std::vector<ObservedFile> files;  ///< sorted by path, creation, id
  std::vector<FixedResource> fixed;
  std::set<std::string> pending;  ///< canonical paths with an add whose outcome is not known yet
  std::vector<Displaced> displaced{};
};

/// What is known when a list has been read. What it refers to outlives it.
struct Observation {
  const std::vector<ports::ResourceRow>& rows;
  const ports::Inventory& inventory;
  /// Rows identified so far, by resource id: known before or asked just now. A row that is missing
  /// here could not be identified.
  std::map<std::string, ports::InventoryRow> known;
  std::string owner;
  ports::TimePoint now;
  ports::Duration grace{0};  ///< a list is trusted about our own writes once they are so old
  const ports::MarkerRules* markers = nullptr;  ///< null: markers have no key
};

/// What a list comes to.
struct Observed {
  ObservedState state;
  std::vector<ports::Change> changes;  ///< what the store must learn; the caller commits them
  /// Rows of ours were marked with a key, and none of them with one of these: nothing that was
  /// decided about whose they are can be believed, so nothing may be recorded or written.
  bool is_key_wrong = false;
  /// It is known of every row whose it is, and none of ours can be hidden any more.
  bool is_complete = false;
};

/// Normalises a list: subtracts what we deleted a moment ago, decides whose each row is, closes
/// intents whose outcome the list shows. The rules are in reconciler/README.md, "Whose is it?" and
/// "When an answer does not come". Pure: the same list at the same time has the same result.
Observed observe(const Observation& observation, const std::string& session_id,
                 const desired::DesiredState& desired);

/// True when `file` holds the content that `wanted` declares. `uploads` are the declared file ids
/// that were looked up. A digest is compared as far as a marker has it (32 digits) and by the size.
bool holds(const ObservedFile& file, const desired::DesiredFile& wanted,
           const std::map<std::string, ports::FileMetadata>& uploads);

}  // namespace sessync::observe
