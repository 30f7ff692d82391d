#include "reconciler/observe/observed.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sessync::observe {
namespace {

/// Decides about one list; one object per call of observe().
class Observer {
 public:
  Observer(const Observation& in, const std::string& session_id,
           const desired::DesiredState& desired)
      : in_(in),
        session_id_(session_id),
        desired_(desired),
        reader_(in.markers, has_keys() ? declared_digests(desired) : std::set<std::string>()) {}

  Observed run() {
    expire_tombstones();
    for (const auto& row : in_.rows) {
      std::visit([&](const auto& r) { collect(r); }, row);
    }
    out_.is_key_wrong = is_key_wrong();
    take_over();
    close_intents();
    forget_vanished();
    remember();
    std::ranges::sort(out_.state.files, {}, [](const ObservedFile& file) {
      return std::tie(file.path, file.created_at, file.resource_id);
    });
    std::ranges::sort(out_.state.fixed, {}, [](const FixedResource& other) {
      return std::tie(other.path, other.type, other.resource_id);
    });
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool recent(ports::TimePoint at) const { return in_.now - at < in_.grace; }

  void expire_tombstones() {
    for (const auto& tombstone : in_.inventory.tombstones) {
      if (recent(tombstone.deleted_at)) {
        buried_.insert(tombstone.resource_id);
      } else {
        was_buried_.insert(tombstone.resource_id);
        change(ports::change::DropTombstone{session_id_, tombstone.resource_id});
      }
    }
  }

  void collect(const ports::RepositoryRow& row) {
    out_.state.fixed.push_back(
        {"github_repository", row.resource_id, manifest::MountPath::literal(row.mount_path), row});
  }
  void collect(const ports::MemoryStoreRow& row) {
    out_.state.fixed.push_back(
        {"memory_store", row.memory_store_id, manifest::MountPath::literal(row.mount_path), row});
  }
  void collect(const ports::OpaqueRow& row) {
    out_.state.fixed.push_back(
        {row.type, row.resource_id, manifest::MountPath::of_file(row.mount_path), row});
  }
  void collect(const ports::FileRow& row) {
    // A row that we deleted stays known as long as it is listed: should it outlive its tombstone,
    // it is still ours.
    listed_.insert(row.resource_id);
    if (buried_.contains(row.resource_id)) {
      return;
    }
    ObservedFile file;
    file.resource_id = row.resource_id;
    file.copy_file_id = row.file_id;
    file.path = manifest::MountPath::of_file(row.mount_path);
    file.created_at = row.created_at;
    if (const auto known = in_.known.find(row.resource_id); known != in_.known.end()) {
      file.filename = known->second.filename;
      file.size = known->second.size;
      if (!known->second.upload_file_id.empty()) {
        file.upload_file_id = known->second.upload_file_id;
      }
      auto read = reader_.read(file.filename, known->second.owned);
      file.marker = std::move(read.marker);
      if (read.unproven && read.claimed_owner == in_.owner) {
        file.unproven = read.unproven;
      }
      file.in_doubt = known->second.owned && known->second.in_doubt;
      file.ownership = known->second.owned ? Ownership::kOurs : ownership_of_unowned(file);
    }
    out_.state.files.push_back(std::move(file));
  }

  [[nodiscard]] bool has_our_marker(const ObservedFile& file) const {
    return file.marker && file.marker->owner == in_.owner;
  }

  [[nodiscard]] bool holds_declared_digest(const ObservedFile& file) const {
    const auto wanted = desired_.files.find(file.path);
    return wanted != desired_.files.end() && wanted->second.local() != nullptr &&
           marker_matches(*file.marker, wanted->second.local()->sha256);
  }

  /// The upload of an open intent that this row was made from, if one was: same path, and the copy
  /// has that upload's name and size. What was put back counts as well.
  [[nodiscard]] std::optional<std::string> made_by_intent(const ObservedFile& file) const {
    const auto made_from = [&](const std::string& path, const std::string& name,
                               std::uint64_t size) {
      return !name.empty() && path == file.path.text() && name == file.filename &&
             size == file.size;
    };
    for (const auto& intent : in_.inventory.intents) {
      if (made_from(intent.path, intent.adds_filename, intent.adds_size)) {
        return intent.adds_file_id;
      }
      const auto back = std::ranges::find_if(intent.previous, [&](const ports::Previous& one) {
        return made_from(one.path, one.filename, one.size);
      });
      if (back != intent.previous.end()) {
        return back->upload_file_id;
      }
    }
    return std::nullopt;
  }

  Ownership ownership_of_unowned(ObservedFile& file) {
    if (const auto upload = made_by_intent(file)) {
      file.upload_file_id = upload;
      added_lately_.insert(file.resource_id);
      return Ownership::kOurs;
    }
    if (!has_our_marker(file)) {
      return Ownership::kUnmanaged;
    }
    if (holds_declared_digest(file)) {
      return Ownership::kOurs;
    }
    return Ownership::kOtherDaemon;  // before the take-over: a candidate, see take_over()
  }

  /// What we put there shortly before the state was lost may not be listed yet.
  [[nodiscard]] bool nothing_is_hidden() const {
    return in_.inventory.looked_at && in_.now - *in_.inventory.looked_at >= in_.grace;
  }

  /// Rows that are ours by the inventory were marked with a key that is none of these; or, where
  /// nothing is known of the session, all that claim to be ours. One row with our key, and the key
  /// is the right one: the others are forgeries, or older than our keys.
  [[nodiscard]] bool is_key_wrong() const {
    const auto is_ours = [](const ObservedFile& file) {
      return file.ownership == Ownership::kOurs;
    };
    const bool knows_any =
        in_.inventory.taken_over || std::ranges::any_of(out_.state.files, is_ours);
    bool any_claim = false;
    for (const auto& file : out_.state.files) {
      if (has_our_marker(file) && !file.marker->seal.empty()) {
        return false;
      }
      any_claim |= file.unproven == Unproven::kOtherKey && (!knows_any || is_ours(file));
    }
    return any_claim;
  }

  [[nodiscard]] bool has_keys() const {
    return in_.markers != nullptr && !in_.markers->keys.empty();
  }

  /// Once more, although the session was taken over: what was marked before there were keys.
  [[nodiscard]] bool adopts_unkeyed() const { return has_keys() && in_.markers->adopt_unkeyed; }

  /// Not decided yet, and not put there by another daemon that has our key.
  [[nodiscard]] bool is_candidate(const ObservedFile& file) const {
    return file.ownership == Ownership::kOtherDaemon &&
           (!in_.inventory.taken_over || file.marker->seal.empty());
  }

  /// The first pass that could identify every row: rows with our marker are ours. If they do not
  /// look like this manifest's, those that it does not declare are so in doubt, because it may be
  /// meant for another session: nothing is deleted on the strength of a first look.
  void take_over() {
    const bool all_known = std::ranges::none_of(out_.state.files, [](const ObservedFile& file) {
      return file.ownership == Ownership::kUnknown;
    });
    const bool complete = out_.is_complete = all_known && nothing_is_hidden();
    if (!in_.inventory.taken_over || adopts_unkeyed()) {
      make_ours(all_known);
    }
    if (!in_.inventory.taken_over && (complete || in_.inventory.owner != in_.owner)) {
      change(ports::change::SetTakenOver{session_id_, in_.owner, complete});
    }
  }

  void make_ours(bool all_known) {
    const bool doubtful = all_known && may_be_of_another_manifest();
    for (auto& file : out_.state.files) {
      if (!is_candidate(file)) {
        continue;
      }
      file.ownership = all_known ? Ownership::kOurs : Ownership::kUnknown;
      file.in_doubt = doubtful && !may_be_declared(file.path.text());
    }
  }

  /// None of what was there before us sits on a declared path, or less than half of it sits on one
  /// or holds a declared content.
  [[nodiscard]] bool may_be_of_another_manifest() const {
    std::size_t all = 0;
    std::size_t placed = 0;
    std::size_t alike = 0;
    const auto digests = declared_prefixes();
    for (const auto& file : out_.state.files) {
      if (!has_our_marker(file) || in_.known.at(file.resource_id).added_at) {
        continue;
      }
      ++all;
      const bool is_placed = may_be_declared(file.path.text());
      placed += is_placed ? 1U : 0U;
      alike += is_placed || digests.contains(file.marker->digest_prefix) ? 1U : 0U;
    }
    const bool was_doubted = std::ranges::any_of(
        in_.inventory.rows, [](const ports::InventoryRow& row) { return row.in_doubt; });
    return was_doubted || (all > 0 && (placed == 0 || 2 * alike < all));
  }

  static std::set<std::string> declared_digests(const desired::DesiredState& desired) {
    std::set<std::string> digests;
    for (const auto& [path, wanted] : desired.files) {
      if (const auto* local = wanted.local()) {
        digests.insert(local->sha256);
      }
    }
    return digests;
  }

  /// As far as a marker has them.
  [[nodiscard]] std::set<std::string> declared_prefixes() const {
    std::set<std::string> prefixes;
    for (const auto& digest : declared_digests(desired_)) {
      prefixes.insert(digest.substr(0, 32));
    }
    return prefixes;
  }

  void close_intents() {
    for (const auto& intent : in_.inventory.intents) {
      const bool seen = !intent.adds_file_id.empty() &&
                        std::ranges::any_of(out_.state.files, [&](const ObservedFile& file) {
                          return file.path.text() == intent.path &&
                                 file.ownership == Ownership::kOurs &&
                                 file.filename == intent.adds_filename;
                        });
      if (seen) {
        change(ports::change::DropIntent{session_id_, intent.path});
      } else if (intent.in_doubt_since && !intent.adds_file_id.empty() &&
                 recent(*intent.in_doubt_since)) {
        out_.state.pending.insert(intent.path);
      } else {
        settle(intent);
      }
    }
  }

  /// A source that is there and selects nothing declares nothing; one that is lost may.
  [[nodiscard]] bool may_be_declared(const std::string& path) const {
    const auto at = manifest::MountPath::literal(path);
    const auto is_in = [&](const desired::ProtectedTree& tree) {
      return tree.source_missing && (tree.prefix.text() == "/" || path == tree.prefix.text() ||
                                     path.starts_with(tree.prefix.text() + "/"));
    };
    return desired_.files.contains(at) || desired_.may_declare(at) ||
           desired_.left_out.find(at) != nullptr ||
           std::ranges::any_of(desired_.protected_trees, is_in);
  }

  [[nodiscard]] bool is_empty(const std::string& path) const {
    return std::ranges::none_of(out_.state.files,
                                [&](const ObservedFile& file) { return file.path.text() == path; });
  }

  /// Nothing of the intent can still happen. What made way for it is remembered as long as its path
  /// is declared and empty, so that it can be put back; the whole of it as long as a row on the
  /// path could not be identified, because it may be the one that was added.
  void settle(const ports::Intent& intent) {
    const bool may_be_there = std::ranges::any_of(out_.state.files, [&](const ObservedFile& file) {
      return file.path.text() == intent.path && file.ownership == Ownership::kUnknown;
    });
    if (may_be_there) {
      return;
    }
    const auto is_gone = [&](const ports::Previous& previous) { return is_empty(previous.path); };
    if (!is_empty(intent.path) || !may_be_declared(intent.path) ||
        std::ranges::none_of(intent.previous, is_gone)) {
      return change(ports::change::DropIntent{session_id_, intent.path});
    }
    for (const auto& previous : intent.previous) {
      if (is_gone(previous)) {
        out_.state.displaced.push_back({manifest::MountPath::literal(intent.path), previous});
      }
    }
    if (intent.in_doubt_since) {
      auto open = intent;
      open.in_doubt_since.reset();
      change(ports::change::PutIntent{session_id_, std::move(open)});
    }
  }

  /// A row of ours that is gone gets a tombstone, whoever deleted it: a list that lags may show it
  /// once more, and it must not be taken for the outcome of a later add.
  void forget_vanished() {
    for (const auto& row : in_.inventory.rows) {
      if (listed_.contains(row.resource_id) || buried_.contains(row.resource_id)) {
        continue;
      }
      if (row.owned && !was_buried_.contains(row.resource_id)) {
        change(ports::change::PutTombstone{session_id_, {row.resource_id, in_.now}});
      } else {
        change(ports::change::DropRow{session_id_, row.resource_id});
      }
    }
  }

  void remember() {
    std::map<std::string, const ports::InventoryRow*> before;
    for (const auto& row : in_.inventory.rows) {
      before[row.resource_id] = &row;
    }
    for (const auto& file : out_.state.files) {
      if (file.ownership == Ownership::kUnknown) {
        continue;
      }
      ports::InventoryRow row = in_.known.at(file.resource_id);
      row.owned = file.ownership == Ownership::kOurs;
      row.in_doubt = file.in_doubt;
      row.upload_file_id = file.upload_file_id.value_or("");
      if (added_lately_.contains(file.resource_id)) {
        row.added_at = in_.now;  // at the latest: lists may still show it and then not
      }
      const auto old = before.find(file.resource_id);
      if (old == before.end() || !(*old->second == row)) {
        change(ports::change::PutRow{session_id_, std::move(row)});
      }
    }
  }

  void change(ports::Change c) { out_.changes.push_back(std::move(c)); }

  const Observation& in_;
  const std::string& session_id_;
  const desired::DesiredState& desired_;
  const MarkerReader reader_;
  Observed out_;
  std::set<std::string> buried_;
  std::set<std::string> was_buried_;  ///< had a tombstone until now
  std::set<std::string> listed_;
  std::set<std::string> added_lately_;
};

}  // namespace

Observed observe(const Observation& observation, const std::string& session_id,
                 const desired::DesiredState& desired) {
  return Observer(observation, session_id, desired).run();
}

bool holds(const ObservedFile& file, const desired::DesiredFile& wanted,
           const std::map<std::string, ports::FileMetadata>& uploads) {
  if (const auto* ref = wanted.local()) {
    return file.marker && marker_matches(*file.marker, ref->sha256) &&
           (ref->archive != nullptr || file.size == ref->size);
  }
  const auto& file_id = std::get<desired::UploadedContent>(wanted.content).file_id;
  if (file.copy_file_id == file_id || file.upload_file_id == file_id) {
    return true;
  }
  const auto upload = uploads.find(file_id);
  return upload != uploads.end() && upload->second.filename == file.filename &&
         upload->second.size_bytes == file.size;
}

}  // namespace sessync::observe
