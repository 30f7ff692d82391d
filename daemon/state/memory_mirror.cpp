#include "daemon/state/memory_mirror.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <variant>

namespace sessync {
namespace {

/// Puts `item` where its key belongs in `items`, in place of one with the same key.
template <class Item, class Key>
void put(std::vector<Item>& items, const Item& item, Key key) {
  const auto place = std::ranges::lower_bound(items, std::invoke(key, item), {}, key);
  if (place != items.end() && std::invoke(key, *place) == std::invoke(key, item)) {
    *place = item;
  } else {
    items.insert(place, item);
  }
}

template <class Item>
void drop(std::vector<Item>& items, const std::string& value, std::string Item::* key) {
  const auto place = std::ranges::lower_bound(items, value, {}, key);
  if (place != items.end() && (*place).*key == value) {
    items.erase(place);
  }
}

void take_back(std::optional<TimePoint>& at, TimePoint now) {
  if (at) {
    at = std::min(*at, now);
  }
}

/// A token's life is as long as it was, whatever the clock said when it began.
void take_back_times(TokenRecord& token, TimePoint now) {
  if (!token.sent_at || *token.sent_at <= now) {
    return;
  }
  if (token.renew_at) {
    *token.renew_at -= *token.sent_at - now;
  }
  token.sent_at = now;
}

void take_back_times(SessionMemory& memory, TimePoint now) {
  take_back(memory.looked_at, now);
  take_back(memory.left_at, now);
  for (auto& row : memory.rows) {
    take_back(row.added_at, now);
  }
  for (auto& tombstone : memory.tombstones) {
    tombstone.deleted_at = std::min(tombstone.deleted_at, now);
  }
  for (auto& refusal : memory.refusals) {
    refusal.at = std::min(refusal.at, now);
  }
  for (auto& token : memory.tokens) {
    take_back_times(token, now);
  }
  for (auto& output : memory.outputs) {
    take_back(output.gone_since, now);
  }
  if (memory.status) {
    memory.status->since = std::min(memory.status->since, now);
  }
}

}  // namespace

struct MemoryMirror::Apply {
  MemoryMirror& mirror;

  [[nodiscard]] SessionMemory& of(const std::string& session_id) const {
    return mirror.sessions_[session_id];
  }
  void operator()(const change::PutRow& put_row) const {
    put(of(put_row.session_id).rows, put_row.row, &KnownRow::resource_id);
  }
  void operator()(const change::DropRow& drop_row) const {
    drop(of(drop_row.session_id).rows, drop_row.resource_id, &KnownRow::resource_id);
  }
  void operator()(const change::PutIntent& put_intent) const {
    put(of(put_intent.session_id).intents, put_intent.intent, &Intent::path);
  }
  void operator()(const change::DropIntent& drop_intent) const {
    drop(of(drop_intent.session_id).intents, drop_intent.path, &Intent::path);
  }
  void operator()(const change::PutTombstone& put_tombstone) const {
    put(of(put_tombstone.session_id).tombstones, put_tombstone.tombstone, &Tombstone::resource_id);
  }
  void operator()(const change::DropTombstone& drop_tombstone) const {
    drop(of(drop_tombstone.session_id).tombstones, drop_tombstone.resource_id,
         &Tombstone::resource_id);
  }
  void operator()(const change::PutRefusal& put_refusal) const {
    put(of(put_refusal.session_id).refusals, put_refusal.refusal,
        [](const Refusal& refusal) { return std::tie(refusal.path, refusal.content); });
  }
  void operator()(const change::DropRefusal& drop_refusal) const {
    std::erase_if(of(drop_refusal.session_id).refusals, [&](const Refusal& refusal) {
      return refusal.path == drop_refusal.path &&
             refusal.content == drop_refusal.content.value_or(refusal.content);
    });
  }
  void operator()(const change::SetTakenOver& set) const {
    of(set.session_id).taken_over = set.complete;
    of(set.session_id).owner = set.owner;
  }
  void operator()(const change::SetLookedAt& set) const { of(set.session_id).looked_at = set.at; }
  void operator()(const change::SetMostFiles& set) const {
    of(set.session_id).most_files = set.count;
  }
  void operator()(const change::PutToken& put_token) const {
    put(of(put_token.session_id).tokens, put_token.token, &TokenRecord::resource_id);
  }
  void operator()(const change::DropToken& drop_token) const {
    drop(of(drop_token.session_id).tokens, drop_token.resource_id, &TokenRecord::resource_id);
  }
  void operator()(const change::PutOutput& put_output) const {
    put(of(put_output.session_id).outputs, put_output.output, &OutputRecord::file_id);
  }
  void operator()(const change::DropOutput& drop_output) const {
    drop(of(drop_output.session_id).outputs, drop_output.file_id, &OutputRecord::file_id);
  }
  void operator()(const change::SetLeft& set) const { of(set.session_id).left_at = set.at; }
  void operator()(const change::DropSession& drop_session) const {
    mirror.sessions_.erase(drop_session.session_id);
  }
  void operator()(const change::SetStatus& set) const { of(set.session_id).status = set.status; }
  void operator()(const change::PutCreation& put_creation) const {
    const CreationRecord& creation = put_creation.creation;
    mirror.creations_.insert_or_assign({creation.owner, creation.name}, creation);
  }
  void operator()(const change::DropCreation& drop_creation) const {
    mirror.creations_.erase({drop_creation.owner, drop_creation.name});
  }
  void operator()(const change::PutUpload& put_upload) const {
    const Upload& upload = put_upload.upload;
    (*this)(change::DropUpload{upload.owner, upload.file_id});
    OwnerUploads& uploads = mirror.uploads_[upload.owner];
    // In this order: what is found by its digest is there, even if memory ends in between.
    uploads.by_file_id.emplace(upload.file_id, upload);
    uploads.by_digest.emplace(upload.sha256, upload.file_id);
  }
  void operator()(const change::DropUpload& drop_upload) const {
    OwnerUploads& uploads = mirror.uploads_[drop_upload.owner];
    const auto known = uploads.by_file_id.find(drop_upload.file_id);
    if (known != uploads.by_file_id.end()) {
      uploads.by_digest.erase({known->second.sha256, drop_upload.file_id});
      uploads.by_file_id.erase(known);
    }
  }
};

void MemoryMirror::apply(const Change& change) { std::visit(Apply{*this}, change); }

void MemoryMirror::apply(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    apply(change);
  }
}

void MemoryMirror::suspend(const std::string& session,
                           const std::optional<Suspension>& suspension) {
  if (suspension) {
    suspensions_.insert_or_assign(session, *suspension);
  } else {
    suspensions_.erase(session);
  }
}

void MemoryMirror::doubt_intents(TimePoint since) {
  for (auto& [session_id, memory] : sessions_) {
    for (Intent& intent : memory.intents) {
      intent.in_doubt_since = since;
    }
  }
  for (auto& [key, creation] : creations_) {
    if (creation.session_id.empty()) {
      creation.in_doubt_since = since;
    }
  }
}

void MemoryMirror::believe_no_future(TimePoint now) {
  for (auto& [session_id, memory] : sessions_) {
    take_back_times(memory, now);
  }
  for (auto& [owner, uploads] : uploads_) {
    for (auto& [file_id, upload] : uploads.by_file_id) {
      upload.confirmed_at = std::min(upload.confirmed_at, now);
      upload.needed_at = std::min(upload.needed_at, now);
    }
  }
}

SessionMemory MemoryMirror::load(const std::string& session_id) const {
  const auto known = sessions_.find(session_id);
  return known == sessions_.end() ? SessionMemory{} : known->second;
}

std::optional<Upload> MemoryMirror::find_upload(const std::string& owner,
                                                const std::string& sha256) const {
  const auto owned = uploads_.find(owner);
  if (owned == uploads_.end()) {
    return std::nullopt;
  }
  const auto& [by_file_id, by_digest] = owned->second;
  std::optional<Upload> best;
  for (auto at = by_digest.lower_bound({sha256, ""}); at != by_digest.end() && at->first == sha256;
       ++at) {
    const Upload& upload = by_file_id.at(at->second);
    if (!best || upload.confirmed_at >= best->confirmed_at) {
      best = upload;
    }
  }
  return best;
}

std::optional<CreationRecord> MemoryMirror::find_creation(const std::string& owner,
                                                          const std::string& name) const {
  const auto known = creations_.find({owner, name});
  return known == creations_.end() ? std::nullopt : std::optional(known->second);
}

std::vector<std::string> MemoryMirror::sessions() const {
  std::vector<std::string> ids;
  ids.reserve(sessions_.size());
  for (const auto& [id, memory] : sessions_) {
    ids.push_back(id);
  }
  return ids;
}

std::vector<CreationRecord> MemoryMirror::creations() const {
  std::vector<CreationRecord> all;
  all.reserve(creations_.size());
  for (const auto& [key, creation] : creations_) {
    all.push_back(creation);
  }
  return all;
}

std::vector<Upload> MemoryMirror::uploads(const std::string& owner) const {
  std::vector<Upload> all;
  if (const auto owned = uploads_.find(owner); owned != uploads_.end()) {
    for (const auto& [file_id, upload] : owned->second.by_file_id) {
      all.push_back(upload);
    }
  }
  return all;
}

}  // namespace sessync
