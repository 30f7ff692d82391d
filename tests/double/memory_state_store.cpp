#include "tests/double/memory_state_store.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

namespace sessync {

namespace {

/// Puts `value` at its place in `rows`, which is sorted by `key`.
template <class T, class Key>
void put(std::vector<T>& rows, T value, Key key) {
  const auto place = std::ranges::lower_bound(rows, std::invoke(key, value), {}, key);
  if (place != rows.end() && std::invoke(key, *place) == std::invoke(key, value)) {
    *place = std::move(value);
  } else {
    rows.insert(place, std::move(value));
  }
}

template <class T, class Key>
void drop(std::vector<T>& rows, const std::string& value, Key key) {
  std::erase_if(rows, [&](const T& row) { return row.*key == value; });
}

}  // namespace

struct MemoryStateStore::Applier {
  Data& data;

  void operator()(const change::PutRow& change) {
    put(data.sessions[change.session_id].rows, change.row, &KnownRow::resource_id);
  }
  void operator()(const change::DropRow& change) {
    drop(data.sessions[change.session_id].rows, change.resource_id, &KnownRow::resource_id);
  }
  void operator()(const change::PutIntent& change) {
    put(data.sessions[change.session_id].intents, change.intent, &Intent::path);
  }
  void operator()(const change::DropIntent& change) {
    drop(data.sessions[change.session_id].intents, change.path, &Intent::path);
  }
  void operator()(const change::PutTombstone& change) {
    put(data.sessions[change.session_id].tombstones, change.tombstone, &Tombstone::resource_id);
  }
  void operator()(const change::DropTombstone& change) {
    drop(data.sessions[change.session_id].tombstones, change.resource_id, &Tombstone::resource_id);
  }
  void operator()(const change::PutRefusal& change) {
    put(data.sessions[change.session_id].refusals, change.refusal,
        [](const Refusal& refusal) { return std::tie(refusal.path, refusal.content); });
  }
  void operator()(const change::DropRefusal& change) {
    std::erase_if(data.sessions[change.session_id].refusals, [&](const Refusal& refusal) {
      return refusal.path == change.path && (!change.content || refusal.content == *change.content);
    });
  }
  void operator()(const change::SetTakenOver& change) {
    data.sessions[change.session_id].taken_over = change.complete;
    data.sessions[change.session_id].owner = change.owner;
  }
  void operator()(const change::SetLookedAt& change) {
    data.sessions[change.session_id].looked_at = change.at;
  }
  void operator()(const change::SetMostFiles& change) {
    data.sessions[change.session_id].most_files = change.count;
  }
  void operator()(const change::PutToken& change) {
    put(data.sessions[change.session_id].tokens, change.token, &TokenRecord::resource_id);
  }
  void operator()(const change::DropToken& change) {
    drop(data.sessions[change.session_id].tokens, change.resource_id, &TokenRecord::resource_id);
  }
  void operator()(const change::PutOutput& change) {
    put(data.sessions[change.session_id].outputs, change.output, &OutputRecord::file_id);
  }
  void operator()(const change::DropOutput& change) {
    drop(data.sessions[change.session_id].outputs, change.file_id, &OutputRecord::file_id);
  }
  void operator()(const change::SetLeft& change) {
    data.sessions[change.session_id].left_at = change.at;
  }
  void operator()(const change::DropSession& change) { data.sessions.erase(change.session_id); }
  void operator()(const change::SetStatus& change) {
    data.sessions[change.session_id].status = change.status;
  }
  void operator()(const change::PutCreation& change) {
    data.creations[{change.creation.owner, change.creation.name}] = change.creation;
  }
  void operator()(const change::DropCreation& change) {
    data.creations.erase({change.owner, change.name});
  }
  void operator()(const change::PutUpload& change) {
    data.uploads[{change.upload.owner, change.upload.sha256}] = change.upload;
  }
  void operator()(const change::DropUpload& change) {
    std::erase_if(data.uploads, [&](const auto& entry) {
      return entry.second.owner == change.owner && entry.second.file_id == change.file_id;
    });
  }

  void apply(const std::vector<Change>& changes) {
    for (const Change& one : changes) {
      std::visit(*this, one);
    }
  }
};

SessionMemory MemoryStateStore::load(const std::string& session_id) {
  const auto found = visible_.sessions.find(session_id);
  return found == visible_.sessions.end() ? SessionMemory{} : found->second;
}

std::optional<Upload> MemoryStateStore::find_upload(const std::string& owner,
                                                    const std::string& sha256) {
  const auto found = visible_.uploads.find({owner, sha256});
  return found == visible_.uploads.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Upload> MemoryStateStore::uploads(const std::string& owner) {
  std::vector<Upload> result;
  for (const auto& [key, upload] : visible_.uploads) {
    if (upload.owner == owner) {
      result.push_back(upload);
    }
  }
  return result;
}

std::optional<CreationRecord> MemoryStateStore::find_creation(const std::string& owner,
                                                              const std::string& name) {
  const auto found = visible_.creations.find({owner, name});
  return found == visible_.creations.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> MemoryStateStore::sessions() {
  std::vector<std::string> ids;
  ids.reserve(visible_.sessions.size());
  for (const auto& [id, memory] : visible_.sessions) {
    ids.push_back(id);
  }
  return ids;
}

std::vector<CreationRecord> MemoryStateStore::creations() {
  std::vector<CreationRecord> all;
  all.reserve(visible_.creations.size());
  for (const auto& [key, creation] : visible_.creations) {
    all.push_back(creation);
  }
  return all;
}

void MemoryStateStore::commit(std::vector<Change> changes,
                              std::function<void(tl::expected<Done, StoreError>)> durable) {
  const std::size_t number = ++submitted_;
  const bool fails = failures_ > 0;
  failures_ -= fails ? 1 : 0;
  Applier{visible_}.apply(changes);
  pending_.push_back({number, fails, std::move(changes)});
  loop_.submit([this, number, fails, durable = std::move(durable)]() -> std::function<void()> {
    if (fails) {
      forget_commit(number);
      return [durable] {
        durable(tl::unexpected(StoreError{"the state could not be written: no space left"}));
      };
    }
    make_durable_up_to(number);
    return [durable] { durable(Done{}); };
  });
}

void MemoryStateStore::make_durable_up_to(std::size_t number) {
  for (const Pending& one : pending_) {
    if (one.number <= number && !one.fails) {
      Applier{durable_}.apply(one.changes);
    }
  }
  std::erase_if(pending_,
                [number](const Pending& one) { return one.number <= number && !one.fails; });
}

void MemoryStateStore::forget_commit(std::size_t number) {
  std::erase_if(pending_, [number](const Pending& one) { return one.number == number; });
  visible_ = durable_;
  for (const Pending& one : pending_) {
    Applier{visible_}.apply(one.changes);
  }
}

void MemoryStateStore::crash() {
  pending_.clear();
  visible_ = durable_;
}

void MemoryStateStore::wipe() {
  pending_.clear();
  visible_ = durable_ = {};
}

}  // namespace sessync
