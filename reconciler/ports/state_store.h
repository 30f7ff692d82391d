#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "reconciler/ports/api_error.h"

/// The port to what survives a restart. All of it is a cache of what the API can be asked again,
/// except suspensions and token fingerprints: an empty store is always a right store.
namespace sessync {

/// What is known of one file row of a session, by resource id. Asked of the API once, then kept.
struct KnownRow {
  std::string resource_id;
  std::string copy_file_id;
  std::string filename;  ///< of the copy: the upload's name, possibly a marker
  std::uint64_t size = 0;
  bool owned = false;                 ///< in the inventory: we put it there, or took it over
  std::string upload_file_id;         ///< the upload that we attached; "" if that is not known
  std::string mount_path;             ///< as answered by the API
  std::optional<TimePoint> added_at;  ///< when our add was answered
  bool in_doubt = false;              ///< taken over from what may be another manifest's session
  friend bool operator==(const KnownRow&, const KnownRow&) = default;
};

/// What a path held before it made way for an add, kept until the add is closed so that it can be
/// put back.
struct Previous {
  std::string path;  ///< canonical: that of the add, one above or below it, or a rename's old one
  std::string upload_file_id;
  std::string filename;
  std::uint64_t size = 0;
  friend bool operator==(const Previous&, const Previous&) = default;
};

/// A write that was, or is about to be, sent and has no recorded answer. At most one per canonical
/// path.
struct Intent {
  std::string path;                  ///< canonical mount path
  std::vector<std::string> deletes;  ///< resource ids whose delete belongs to it
  std::string adds_file_id;          ///< upload to attach; "" for a pure delete
  std::string adds_filename;         ///< of that upload: how its copy is recognised
  std::uint64_t adds_size = 0;
  std::vector<Previous> previous;
  std::optional<TimePoint> in_doubt_since;  ///< the add may have been carried out
  friend bool operator==(const Intent&, const Intent&) = default;
};

/// A row that we deleted: subtracted from lists that may lag.
struct Tombstone {
  std::string resource_id;
  TimePoint deleted_at;
  friend bool operator==(const Tombstone&, const Tombstone&) = default;
};

/// A write that the API refused for good, remembered so that it is not tried in a loop.
struct Refusal {
  std::string path;     ///< canonical mount path; "": of the session, see `is_full`
  std::string content;  ///< sha256, or file id
  std::string code;
  std::string message;
  TimePoint at;
  /// File rows that the session held then, if it never held more: what was refused is room, as far
  /// as is known. 0: it was the entry.
  std::uint64_t rows = 0;

  /// Beside a refusal that may be about room, another add was refused for the same: no further file
  /// is added before the session holds fewer.
  [[nodiscard]] bool is_full() const { return path.empty() && rows > 0; }
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

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

/// The token of one repository, as it was sent last. Written with an empty fingerprint before it is
/// sent, so that whatever happens to the answer a fingerprint is never that of another token.
struct TokenRecord {
  std::string resource_id;
  std::string fingerprint;            ///< "": what the session has is not known
  std::optional<TimePoint> sent_at;   ///< the last answered rotation
  std::optional<TimePoint> renew_at;  ///< of a token whose life is known
  std::string last_fault;  ///< processed_at of the newest error event that was dealt with
  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

/// An output that is at the destination.
struct OutputRecord {
  std::string file_id;
  std::string name;
  std::uint64_t size = 0;
  std::optional<TimePoint> gone_since{};  ///< the session lists it no more
  friend bool operator==(const OutputRecord&, const OutputRecord&) = default;
};

/// The session's status as it was seen last.
struct SeenStatus {
  std::string status;
  TimePoint since;
  friend bool operator==(const SeenStatus&, const SeenStatus&) = default;
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

/// Everything remembered of one session.
struct SessionMemory {
  bool taken_over = false;             ///< every row was identified, and no more of ours can come
  std::string owner;                   ///< for whom: what is owned is owned by this name
  std::optional<TimePoint> looked_at;  ///< last GET of the session itself
  std::uint64_t most_files = 0;        ///< the most file rows that it was ever seen to hold
  std::vector<KnownRow> rows;          ///< sorted by resource id
  std::vector<Intent> intents;         ///< sorted by path
  std::vector<Tombstone> tombstones;   ///< sorted by resource id
  std::vector<Refusal> refusals;       ///< sorted by path and content
  std::vector<TokenRecord> tokens;     ///< sorted by resource id
  std::vector<OutputRecord> outputs;   ///< sorted by file id
  std::optional<SeenStatus> status;
  std::optional<TimePoint> left_at;  ///< no manifest has named it since
  friend bool operator==(const SessionMemory&, const SessionMemory&) = default;
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

using PutRow = Put<KnownRow>;
using DropRow = Drop<KnownRow>;
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
  virtual SessionMemory load(const std::string& session_id) = 0;
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

}  // namespace sessync
