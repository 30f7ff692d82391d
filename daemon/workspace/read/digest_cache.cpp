#include "daemon/workspace/read/digest_cache.h"

#include <algorithm>
#include <utility>

namespace sessync::workspace {
DigestCache::DigestCache(std::vector<DigestEntry> entries) {
  for (DigestEntry& kept : entries) {
    known_[std::move(kept.path)] = {.stamp = kept.stamp,
                                    .digest = kept.digest,
                                    .first_seen_ns = kept.first_seen_ns,
                                    .trusted = kept.trusted};
  }
}

std::optional<os::Sha256> DigestCache::find(std::string_view path, const FileStamp& stamp) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  if (found == known_.end()) return std::nullopt;
  Known& known = found->second;
  known.used = true;
  if (!known.trusted || known.stamp != stamp) return std::nullopt;
  return known.digest;
}

void DigestCache::put(const std::string& path, const FileStamp& stamp, const os::Sha256& digest,
                      std::int64_t observed_ns) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  const bool read_again =
      found != known_.end() && found->second.stamp == stamp && found->second.digest == digest;
  const std::int64_t first = read_again ? found->second.first_seen_ns : observed_ns;
  // A stamp from the future never gets old, so what counts then is that two readings agreed.
  const bool trusted = !is_racy(stamp, observed_ns) || observed_ns - first >= kRacyNs;
  const auto place = known_.try_emplace(path).first;
  changed_.insert(&place->first);
  place->second = {
      .stamp = stamp, .digest = digest, .first_seen_ns = first, .trusted = trusted, .used = true};
}

void DigestCache::forget_unused() {
  const std::lock_guard lock(mutex_);
  std::erase_if(changed_, [&](const std::string* path) { return !known_.at(*path).used; });
  for (auto each = known_.begin(); each != known_.end();) {
    if (std::exchange(each->second.used, false)) {
      ++each;
      continue;
    }
    removed_.push_back(each->first);
    each = known_.erase(each);
  }
}

std::vector<DigestEntry> DigestCache::entries() const {
  std::vector<DigestEntry> all;
  {
    const std::lock_guard lock(mutex_);
    all.reserve(known_.size());
    for (const auto& [path, known] : known_) all.push_back(entry(path, known));
  }
  std::ranges::sort(all, {}, &DigestEntry::path);
  return all;
}

DigestCache::Changes DigestCache::take_changes() {
  const std::lock_guard lock(mutex_);
  Changes changes;
  for (const std::string* path : changed_) changes.put.push_back(entry(*path, known_.at(*path)));
  // What was forgotten and came back is no longer removed.
  for (const std::string& path : removed_) {
    if (!known_.contains(path)) changes.removed.push_back(path);
  }
  std::ranges::sort(changes.put, {}, &DigestEntry::path);
  std::ranges::sort(changes.removed);
  changes.removed.erase(std::unique(changes.removed.begin(), changes.removed.end()),
                        changes.removed.end());
  changed_.clear();
  removed_.clear();
  return changes;
}

DigestEntry DigestCache::entry(const std::string& path, const Known& known) {
  return {.path = path,
          .stamp = known.stamp,
          .digest = known.digest,
          .first_seen_ns = known.first_seen_ns,
          .trusted = known.trusted};
}

}  // namespace sessync::workspace
