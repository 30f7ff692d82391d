#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconciler/ports/api_error.h"
#include "reconciler/ports/inventory.h"

/// The port to what survives a restart. All of it is a cache of what the API can be asked again,
/// except suspensions and token fingerprints: an empty store is always a right store.
namespace sessync::ports {

/// An upload of ours.
struct Upload {
  std::string owner;
  std::string sha256;
  std::string file_id;
  std::string filename;
  std::uint64_t size = 0;
  TimePoint confirmed_at;  ///< made, or last seen to exist
  TimePoint needed_at;     ///< last pass that wanted it
  friend bool operator==(const Upload&, const Upload&) = default;
};

/// A session that was, or is about to be, created for a name.
struct CreationRecord {
  std::string owner;
  std::string name;
  std::string session_id;                   ///< "" until it is known
  std::string organization_id;              ///< of the credential that created it; "" if not known
  std::optional<TimePoint> in_doubt_since;  ///< a create was sent and may have been carried out
  friend bool operator==(const CreationRecord&, const CreationRecord&) = default;
};

/// One change of what is remembered. Changes of one commit are applied in order, all or none.
namespace change {
/// What belongs to a name (`owner`) and not to a session says so itself.
template <class Row>
concept Owned = requires(const Row& row) { row.owner; };

/// From now on `row` is remembered, in place of what had its key.
template <class Row>
struct Put {
  std::string session_id;
  Row row;
};
template <Owned Row>
struct Put<Row> {
  Row row;
};
/// What has this key is remembered no more; nothing happens if there is no such row.
template <class Row>
struct Drop {
  std::string of;  ///< session id, or owner
  std::string key;
};

using PutRow = Put<InventoryRow>;
using DropRow = Drop<InventoryRow>;
using PutIntent = Put<Intent>;  ///< replaces all of what made way for it, too
using DropIntent = Drop<Intent>;
using PutTombstone = Put<Tombstone>;
using DropTombstone = Drop<Tombstone>;
using PutRefusal = Put<Refusal>;
using PutToken = Put<TokenRecord>;
using DropToken = Drop<TokenRecord>;
using PutOutput = Put<OutputRecord>;
using DropOutput = Drop<OutputRecord>;
using SetStatus = Put<SeenStatus>;
using PutCreation = Put<CreationRecord>;
using DropCreation = Drop<CreationRecord>;
using PutUpload = Put<Upload>;
using DropUpload = Drop<Upload>;

struct DropRefusal {
  std::string session_id;
  std::string path;
  std::optional<std::string> content{};  ///< nothing: whatever was refused there
};
struct SetTakenOver {
  std::string session_id;
  std::string owner;
  bool complete = true;  ///< false: rows are owned for this name, but more may turn up
};
struct SetLookedAt {
  std::string session_id;
  TimePoint at;
};
struct SetMostFiles {
  std::string session_id;
  std::uint64_t count = 0;
};
/// Nothing: a manifest names it again.
struct SetLeft {
  std::string session_id;
  std::optional<TimePoint> at;
};
/// Nothing is remembered of it any more.
struct DropSession {
  std::string session_id;
};
}  // namespace change
using Change =
    std::variant<change::PutRow, change::DropRow, change::PutIntent, change::DropIntent,
                 change::PutTombstone, change::DropTombstone, change::PutRefusal,
                 change::DropRefusal, change::SetTakenOver, change::SetLookedAt,
                 change::SetMostFiles, change::PutToken, change::DropToken, change::PutOutput,
                 change::DropOutput, change::SetLeft, change::DropSession, change::SetStatus,
                 change::PutCreation, change::DropCreation, change::PutUpload, change::DropUpload>;

struct StoreError {
  std::string message;   ///< what happened, to which file, what to do
  bool no_room = false;  ///< the disk is full: nothing is recorded before somebody makes room
};

/// Safe to use from many threads. Reads see every commit submitted before them, durable or not.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual Inventory load(const std::string& session_id) = 0;
  virtual std::optional<Upload> find_upload(const std::string& owner,
                                            const std::string& sha256) = 0;
  virtual std::vector<Upload> uploads(const std::string& owner) = 0;
  virtual std::optional<CreationRecord> find_creation(const std::string& owner,
                                                      const std::string& name) = 0;
  /// The ids of all sessions of which anything is remembered.
  virtual std::vector<std::string> sessions() = 0;
  virtual std::vector<CreationRecord> creations() = 0;

  /// Applies `changes`; `durable` runs once they would survive a power loss, on the thread that
  /// pumps the loop this store was given for. On an error nothing of the commit is kept on disk.
  virtual void commit(std::vector<Change> changes,
                      std::function<void(tl::expected<Done, StoreError>)> durable) = 0;
};

}  // namespace sessync::ports
