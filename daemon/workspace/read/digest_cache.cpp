#include "daemon/workspace/read/digest_cache.h"

#include <algorithm>
#include <utility>

#include "daemon/workspace/read/secret_patterns.h"
#include "daemon/workspace/read/secret_scan.h"

namespace sessync::workspace {
namespace {

/// Somebody has looked for secrets in it as it is done now, or it is one in which nobody looks.
bool is_judged(const DigestEntry& kept) {
  return kept.patterns == kSecretPatterns || kept.stamp.size > SecretScan::kLargest;
}

std::optional<ports::SuspectedSecret> secret_of(const DigestEntry& kept) {
  if (kept.secret_kind == 0) return std::nullopt;
  return ports::SuspectedSecret{static_cast<ports::SecretKind>(kept.secret_kind),
                                static_cast<std::uint32_t>(kept.secret_line)};
}

}  // namespace

DigestCache::DigestCache(std::vector<DigestEntry> entries) {
  for (DigestEntry& kept : entries) {
    known_[std::move(kept.path)] = {.stamp = kept.stamp,
                                    .content = {kept.digest, secret_of(kept)},
                                    .first_seen_ns = kept.first_seen_ns,
                                    .trusted = kept.trusted && is_judged(kept)};
  }
}

std::optional<FileContent> DigestCache::find(std::string_view path, const FileStamp& stamp) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  if (found == known_.end()) return std::nullopt;
  Known& known = found->second;
  known.used = true;
  if (!known.trusted || known.stamp != stamp) return std::nullopt;
  return known.content;
}

void DigestCache::put(const std::string& path, const FileStamp& stamp, const FileContent& content,
                      std::int64_t observed_ns) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(path);
  const bool read_again = found != known_.end() && found->second.stamp == stamp &&
                          found->second.content.digest == content.digest;
  const std::int64_t first = read_again ? found->second.first_seen_ns : observed_ns;
  // A stamp from the future never gets old, so what counts then is that two readings agreed.
  const bool trusted = !is_racy(stamp, observed_ns) || observed_ns - first >= kRacyNs;
  const auto place = known_.try_emplace(path).first;
  changed_.insert(&place->first);
  place->second = {
      .stamp = stamp, .content = content, .first_seen_ns = first, .trusted = trusted, .used = true};
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
  const auto& secret = known.content.secret;
  return {.path = path,
          .stamp = known.stamp,
          .digest = known.content.digest,
          .first_seen_ns = known.first_seen_ns,
          .trusted = known.trusted,
          .patterns = kSecretPatterns,
          .secret_kind = secret ? static_cast<std::uint64_t>(secret->kind) : 0,
          .secret_line = secret ? secret->line : 0};
}

}  // namespace sessync::workspace
