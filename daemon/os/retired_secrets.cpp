#include "daemon/os/retired_secrets.h"

#include <algorithm>
#include <random>

#include "daemon/os/escapes.h"

namespace sessync::os {
namespace {

/// Odd, so that no letter is lost.
std::uint64_t random_key() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U | random()) | 1U;
}

/// Of a polynomial of the letters, with a key of this process alone.
class LetterHash {
 public:
  explicit LetterHash(bool base64) : base64_(base64) {}

  void add(char letter) {
    static const std::uint64_t key = random_key();
    if (base64_ && letter == '-') letter = '+';
    if (base64_ && letter == '_') letter = '/';
    value_ = value_ * key + static_cast<unsigned char>(letter) + 1U;
    value_ ^= value_ >> 29U;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  bool base64_;
  std::uint64_t value_ = 0;
};

std::uint64_t hash_of(std::string_view text, bool base64) {
  LetterHash hash(base64);
  for (const char c : text) hash.add(c);
  return hash.value();
}

}  // namespace

void RetiredSecrets::add(std::string_view spelling, bool base64) {
  const Kind kind{spelling.size(), base64};
  const auto hash = hash_of(spelling, base64);
  if (!hashes_[kind].insert(hash).second) return;
  order_.emplace_back(kind, hash);
  while (order_.size() > kMost) {
    const auto [old_kind, old_hash] = order_.front();
    order_.pop_front();
    hashes_[old_kind].erase(old_hash);
    if (hashes_[old_kind].empty()) hashes_.erase(old_kind);
  }
}

void RetiredSecrets::remove(std::string_view spelling, bool base64) {
  const Kind kind{spelling.size(), base64};
  const auto hash = hash_of(spelling, base64);
  const auto found = hashes_.find(kind);
  if (found == hashes_.end() || found->second.erase(hash) == 0) return;
  if (found->second.empty()) hashes_.erase(found);
  std::erase(order_, std::pair(kind, hash));
}

bool RetiredSecrets::has(std::string_view spelling, bool base64) const {
  const auto found = hashes_.find({spelling.size(), base64});
  return found != hashes_.end() && found->second.contains(hash_of(spelling, base64));
}

std::size_t RetiredSecrets::length_at(std::string_view text) const {
  std::size_t longest = 0;
  for (const bool base64 : {false, true}) {
    for (const bool escapes : {false, true}) {
      longest = std::max(longest, spelled_length(text, base64, escapes));
    }
  }
  return longest;
}

/// Of those that are, or are not, base64, in a text in which escapes count, or do not.
std::size_t RetiredSecrets::spelled_length(std::string_view text, bool base64, bool escapes) const {
  std::size_t longest = 0;
  LetterHash hash(base64);
  std::size_t letters = 0;
  std::size_t at = 0;
  for (const auto& [kind, hashes] : hashes_) {
    if (kind.base64 != base64) continue;
    for (; letters < kind.letters && at < text.size(); ++letters) {
      const auto escape = escapes ? escape_in(text.substr(at)) : std::nullopt;
      hash.add(escape ? escape->meaning : text[at]);
      at += escape ? escape->length : 1;
    }
    if (letters < kind.letters) break;
    if (hashes.contains(hash.value())) longest = at;
  }
  return longest;
}

}  // namespace sessync::os
