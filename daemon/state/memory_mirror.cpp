#include "daemon/state/memory_mirror.h"

#include <algorithm>
#include <variant>

#include "daemon/state/remembered.h"

namespace sessync::state {
namespace {

using tables::Table;

/// Puts `row` where its key belongs in `rows`, in place of one with the same key.
template <class Row>
void put(std::vector<Row>& rows, const Row& row) {
  const auto place = std::ranges::lower_bound(rows, Table<Row>::key(row), {}, Table<Row>::key);
  if (place != rows.end() && Table<Row>::key(*place) == Table<Row>::key(row)) {
    *place = row;
  } else {
    rows.insert(place, row);
  }
}

template <class Row>
void put(std::optional<Row>& only, const Row& row) {
  only = row;
}

template <class Row>
void drop(std::vector<Row>& rows, const std::string& key) {
  const auto place = std::ranges::lower_bound(rows, std::tie(key), {}, Table<Row>::key);
  if (place != rows.end() && Table<Row>::key(*place) == std::tie(key)) {
    rows.erase(place);
  }
}

/// Takes back every time that is described to it and lies in the future.
struct TakeBack {
  ports::TimePoint now;

  void column(std::string_view /*name*/, ports::TimePoint& at) const { at = std::min(at, now); }
  void column(std::string_view /*name*/, std::optional<ports::TimePoint>& at) const {
    if (at) {
      at = std::min(*at, now);
    }
  }
  template <class T>
  void column(std::string_view /*name*/, const T& /*none*/, std::string_view /*none*/ = {}) const {}
  void beside(std::string_view /*table*/, std::string_view name,
              std::optional<ports::TimePoint>& at) const {
    column(name, at);
  }
  template <class T>
  void rows(std::string_view /*table*/, std::string_view /*key*/, const T& /*none*/) const {}

  template <class Row>
  void of(Row& row) const {
    Table<Row>::describe(row, *this);
  }
  /// A token's life is as long as it was, whatever the clock said when it began.
  void of(ports::TokenRecord& token) const {
    auto renew_at = token.renew_at;
    if (renew_at && token.sent_at && *token.sent_at > now) {
      *renew_at -= *token.sent_at - now;
    }
    Table<ports::TokenRecord>::describe(token, *this);
    token.renew_at = renew_at;
  }
  template <class Row>
  void of(std::vector<Row>& rows) const {
    std::ranges::for_each(rows, [this](Row& row) { of(row); });
  }
  template <class Row>
  void of(std::optional<Row>& row) const {
    if (row) {
      of(*row);
    }
  }
};

void take_back_times(ports::Inventory& inventory, ports::TimePoint now) {
  const TakeBack to{now};
  to.of(inventory);
  to.column("left_at", inventory.left_at);
  tables::for_each_kind_in_session([&]<class Row>() { to.of(inventory.*Table<Row>::kIn); });
}

}  // namespace

struct MemoryMirror::Apply {
  MemoryMirror& mirror;

  [[nodiscard]] ports::Inventory& of(const std::string& session_id) const {
    return mirror.sessions_[session_id];
  }
  template <class Row>
  void operator()(const ports::change::Put<Row>& change) const {
    put(of(change.session_id).*Table<Row>::kIn, change.row);
  }
  template <class Row>
  void operator()(const ports::change::Drop<Row>& change) const {
    drop(of(change.of).*Table<Row>::kIn, change.key);
  }
  void operator()(const ports::change::DropRefusal& change) const {
    std::erase_if(of(change.session_id).refusals, [&](const ports::Refusal& refusal) {
      return refusal.path == change.path &&
             refusal.content == change.content.value_or(refusal.content);
    });
  }
  void operator()(const ports::change::SetTakenOver& set) const {
    of(set.session_id).taken_over = set.complete;
    of(set.session_id).owner = set.owner;
  }
  void operator()(const ports::change::SetLookedAt& set) const {
    of(set.session_id).looked_at = set.at;
  }
  void operator()(const ports::change::SetMostFiles& set) const {
    of(set.session_id).most_files = set.count;
  }
  void operator()(const ports::change::SetLeft& set) const { of(set.session_id).left_at = set.at; }
  void operator()(const ports::change::DropSession& change) const {
    mirror.sessions_.erase(change.session_id);
  }
  void operator()(const ports::change::PutCreation& change) const {
    mirror.creations_.insert_or_assign({change.row.owner, change.row.name}, change.row);
  }
  void operator()(const ports::change::DropCreation& change) const {
    mirror.creations_.erase({change.of, change.key});
  }
  void operator()(const ports::change::PutUpload& change) const {
    const ports::Upload& upload = change.row;
    (*this)(ports::change::DropUpload{upload.owner, upload.file_id});
    OwnerUploads& uploads = mirror.uploads_[upload.owner];
    // In this order: what is found by its digest is there, even if memory ends in between.
    uploads.by_file_id.emplace(upload.file_id, upload);
    uploads.by_digest.emplace(upload.sha256, upload.file_id);
  }
  void operator()(const ports::change::DropUpload& change) const {
    OwnerUploads& uploads = mirror.uploads_[change.of];
    const auto known = uploads.by_file_id.find(change.key);
    if (known != uploads.by_file_id.end()) {
      uploads.by_digest.erase({known->second.sha256, change.key});
      uploads.by_file_id.erase(known);
    }
  }
};

void MemoryMirror::apply(const ports::Change& change) { std::visit(Apply{*this}, change); }

void MemoryMirror::apply(const std::vector<ports::Change>& changes) {
  for (const ports::Change& change : changes) {
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

void MemoryMirror::doubt_intents(ports::TimePoint since) {
  for (auto& [session_id, inventory] : sessions_) {
    for (ports::Intent& intent : inventory.intents) {
      intent.in_doubt_since = intent.in_doubt_since ? std::optional(since) : std::nullopt;
    }
  }
  for (auto& [key, creation] : creations_) {
    if (creation.session_id.empty()) {
      creation.in_doubt_since = since;
    }
  }
}

void MemoryMirror::believe_no_future(ports::TimePoint now) {
  for (auto& [session_id, inventory] : sessions_) {
    take_back_times(inventory, now);
  }
  for (auto& [owner, uploads] : uploads_) {
    for (auto& [file_id, upload] : uploads.by_file_id) {
      TakeBack{now}.of(upload);
    }
  }
}

ports::Inventory MemoryMirror::load(const std::string& session_id) const {
  const auto known = sessions_.find(session_id);
  return known == sessions_.end() ? ports::Inventory{} : known->second;
}

std::optional<ports::Upload> MemoryMirror::find_upload(const std::string& owner,
                                                       const std::string& sha256) const {
  const auto owned = uploads_.find(owner);
  if (owned == uploads_.end()) {
    return std::nullopt;
  }
  const auto& [by_file_id, by_digest] = owned->second;
  std::optional<ports::Upload> best;
  for (auto at = by_digest.lower_bound({sha256, ""}); at != by_digest.end() && at->first == sha256;
       ++at) {
    const ports::Upload& upload = by_file_id.at(at->second);
    if (!best || upload.confirmed_at >= best->confirmed_at) {
      best = upload;
    }
  }
  return best;
}

std::optional<ports::CreationRecord> MemoryMirror::find_creation(const std::string& owner,
                                                                 const std::string& name) const {
  const auto known = creations_.find({owner, name});
  return known == creations_.end() ? std::nullopt : std::optional(known->second);
}

std::vector<std::string> MemoryMirror::sessions() const {
  std::vector<std::string> ids;
  ids.reserve(sessions_.size());
  for (const auto& [id, inventory] : sessions_) {
    ids.push_back(id);
  }
  return ids;
}

std::vector<ports::CreationRecord> MemoryMirror::creations() const {
  std::vector<ports::CreationRecord> all;
  all.reserve(creations_.size());
  for (const auto& [key, creation] : creations_) {
    all.push_back(creation);
  }
  return all;
}

std::vector<ports::Upload> MemoryMirror::uploads(const std::string& owner) const {
  std::vector<ports::Upload> all;
  if (const auto owned = uploads_.find(owner); owned != uploads_.end()) {
    for (const auto& [file_id, upload] : owned->second.by_file_id) {
      all.push_back(upload);
    }
  }
  return all;
}

}  // namespace sessync::state
