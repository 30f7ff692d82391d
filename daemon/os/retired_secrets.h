#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace sessync::os {

/// Secrets that were replaced. They are recognised still, because an answer to a request that was
/// sent with one may show it, but they are not kept: of each, only its length and a hash with a key
/// of this process. Not safe to use from several threads while it changes.
class RetiredSecrets {
 public:
  /// Spellings; the ones retired first make way.
  static constexpr std::size_t kMost = 16384;

  /// `base64`: it is a part of its base64, in either alphabet.
  void add(std::string_view spelling, bool base64);
  /// It is in use again.
  void remove(std::string_view spelling, bool base64);
  [[nodiscard]] bool has(std::string_view spelling, bool base64) const;
  [[nodiscard]] bool empty() const { return order_.empty(); }

  /// How long the longest of them is that `text` begins with, as it is or with its escapes (%2F,
  /// \u002f, \/); 0: with none.
  [[nodiscard]] std::size_t length_at(std::string_view text) const;

 private:
  using Hash = std::uint64_t;
  struct Kind {
    std::size_t letters = 0;
    bool base64 = false;
    friend auto operator<=>(const Kind&, const Kind&) = default;
  };

  [[nodiscard]] std::size_t spelled_length(std::string_view text, bool base64, bool escapes) const;

  std::map<Kind, std::unordered_set<Hash>> hashes_;
  std::deque<std::pair<Kind, Hash>> order_;  ///< the same, the oldest first
};

}  // namespace sessync::os
