#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/ports/api_error.h"

/// What is remembered of a session from pass to pass: its rows, what was done and what may have
/// been done. All of it can be asked of the API again, but for token fingerprints.
namespace sessync::ports {

/// One file row of a session, by resource id. Asked of the API once, then kept.
struct InventoryRow {
  std::string resource_id;
  std::string copy_file_id;
  std::string filename;  ///< of the copy: the upload's name, possibly a marker
  std::uint64_t size = 0;
  bool owned = false;                 ///< ours: we put it there, or took it over
  std::string upload_file_id;         ///< the upload that we attached; "" if that is not known
  std::string mount_path;             ///< as answered by the API
  std::optional<TimePoint> added_at;  ///< when our add was answered
  bool in_doubt = false;              ///< taken over from what may be another manifest's session
  friend bool operator==(const InventoryRow&, const InventoryRow&) = default;
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
  std::string directory{};                ///< the id of the one that it is in; "": not known
  friend bool operator==(const OutputRecord&, const OutputRecord&) = default;
};

/// The session's status as it was seen last.
struct SeenStatus {
  std::string status;
  TimePoint since;
  friend bool operator==(const SeenStatus&, const SeenStatus&) = default;
};

/// Everything remembered of one session: its rows, ours and others, and what became of our writes.
struct Inventory {
  bool taken_over = false;             ///< every row was identified, and no more of ours can come
  std::string owner;                   ///< for whom: what is owned is owned by this name
  std::optional<TimePoint> looked_at;  ///< last GET of the session itself
  std::uint64_t most_files = 0;        ///< the most file rows that it was ever seen to hold
  std::vector<InventoryRow> rows;      ///< sorted by resource id
  std::vector<Intent> intents;         ///< sorted by path
  std::vector<Tombstone> tombstones;   ///< sorted by resource id
  std::vector<Refusal> refusals;       ///< sorted by path and content
  std::vector<TokenRecord> tokens;     ///< sorted by resource id
  std::vector<OutputRecord> outputs;   ///< sorted by file id
  std::optional<SeenStatus> status;
  std::optional<TimePoint> left_at;  ///< no manifest has named it since
  friend bool operator==(const Inventory&, const Inventory&) = default;
};

}  // namespace sessync::ports
