#include "daemon/os/live_secrets.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "daemon/os/escapes.h"

namespace sessync::os {
namespace {

constexpr std::string_view kRedacted = "[redacted]";
/// The middle of a shorter secret's base64 is a handful of letters, which any text may have.
constexpr std::size_t kShortestEncoded = 6;

/// The letters of base64 that `secret` alone decides when `before` bytes stand in front of it.
std::string middle_of_base64(std::string_view secret, std::size_t before) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string letters;
  unsigned bits = 0;
  unsigned count = static_cast<unsigned>(before * 8 % 6);
  bool whole = count == 0;
  for (const char c : secret) {
    bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xFFFFU;
    for (count += 8; count >= 6; count -= 6) {
      if (std::exchange(whole, true)) letters += kLetters[bits >> (count - 6) & 0x3FU];
    }
  }
  return letters;
}

bool is_same_letter(char shown, char wanted, bool base64) {
  return shown == wanted ||
         (base64 && ((shown == '-' && wanted == '+') || (shown == '_' && wanted == '/')));
}

/// How long what `text` begins with is, if it stands for `wanted`: itself, and escaped. 0: it does
/// not.
struct Letter {
  std::size_t plain = 0;
  std::size_t escaped = 0;
};

Letter letter_in(std::string_view text, char wanted, bool base64) {
  Letter letter;
  if (!text.empty() && is_same_letter(text.front(), wanted, base64)) letter.plain = 1;
  const auto escape = escape_in(text);
  if (escape && is_same_letter(escape->meaning, wanted, base64)) letter.escaped = escape->length;
  return letter;
}

/// As spelled_length(), where "%" or "\\" may stand for itself or begin what stands for it: goes on
/// from every place at which the next letter may begin.
std::size_t longest_spelling(std::string_view text, std::string_view wanted, bool base64) {
  std::set<std::size_t> places{0};
  for (const char c : wanted) {
    std::set<std::size_t> next;
    for (const auto place : places) {
      const auto letter = letter_in(text.substr(place), c, base64);
      if (letter.plain > 0) next.insert(place + letter.plain);
      if (letter.escaped > 0) next.insert(place + letter.escaped);
    }
    places = std::move(next);
  }
  return places.empty() ? 0 : *places.rbegin();
}

/// How much of the beginning of `text` spells `wanted`; 0 if it does not.
std::size_t spelled_length(std::string_view text, std::string_view wanted, bool base64) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto letter = letter_in(text.substr(at), wanted[i], base64);
    if (letter.plain == 0 && letter.escaped == 0) return 0;
    if (letter.plain > 0 && letter.escaped > 0) {
      const auto rest = longest_spelling(text.substr(at), wanted.substr(i), base64);
      return rest == 0 ? 0 : at + rest;
    }
    at += letter.plain + letter.escaped;
  }
  return at;
}

/// As it is, and what of its base64 it alone decides.
void for_each_spelling(const ports::Secret& secret,
                       const std::function<void(const std::string& text, bool base64)>& take) {
  take(secret.reveal(), false);
  if (secret.reveal().size() < kShortestEncoded) return;
  for (std::size_t before = 0; before < 3; ++before) {
    const ports::Secret middle(middle_of_base64(secret.reveal(), before));
    take(middle.reveal(), true);
  }
}

}  // namespace

void LiveSecrets::add(const ports::Secret& secret, Life life) {
  if (secret.reveal().size() < kShortest) return;
  const std::unique_lock lock(mutex_);
  // Whoever still works with one that was replaced must not bring it back.
  if (life == Life::kUse && retired_.has(secret.reveal(), false)) return;
  static_cast<void>(put(secret, life));
}

void LiveSecrets::replace(const std::string& place, const ports::Secret& secret) {
  const std::unique_lock lock(mutex_);
  const auto found = places_.find(place);
  const auto before = found == places_.end() ? 0 : found->second;
  if (found != places_.end()) places_.erase(found);
  if (secret.reveal().size() >= kShortest) {
    for_each_spelling(secret, [&](const std::string& text, bool base64) {
      if (!retired_.empty()) retired_.remove(text, base64);
    });
    places_[place] = put(secret, Life::kUse);
  }
  const bool in_use =
      std::ranges::any_of(places_, [&](const auto& one) { return one.second == before; });
  if (before != 0 && !in_use) retire(before);
}

/// The id of its entry.
std::uint64_t LiveSecrets::put(const ports::Secret& secret, Life life) {
  const auto hash = std::hash<std::string>()(secret.reveal());
  ++additions_;
  const auto known = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.hash == hash && entry.secret == secret; });
  if (known != entries_.end()) {
    known->added = additions_;
    if (life == Life::kProcess) known->life = life;
    return known->id;
  }
  if (life == Life::kUse) make_way();
  entries_.push_back({additions_, hash, life, additions_, secret});
  spell(entries_.back());
  return additions_;
}

void LiveSecrets::make_way() {
  const auto passing = std::ranges::count(entries_, Life::kUse, &Entry::life);
  if (static_cast<std::size_t>(passing) < kMost) return;
  const auto oldest = std::ranges::min_element(entries_, {}, [](const Entry& entry) {
    return std::pair(entry.life == Life::kProcess, entry.added);
  });
  std::erase_if(places_, [&](const auto& one) { return one.second == oldest->id; });
  forget(oldest);
}

/// One that is of the configuration as well stays.
void LiveSecrets::retire(std::uint64_t id) {
  const auto entry = std::ranges::find(entries_, id, &Entry::id);
  if (entry == entries_.end() || entry->life == Life::kProcess) return;
  for_each_spelling(entry->secret,
                    [&](const std::string& text, bool base64) { retired_.add(text, base64); });
  forget(entry);
}

void LiveSecrets::forget(std::vector<Entry>::iterator entry) {
  for (auto& bucket : spellings_) {
    std::erase_if(bucket, [&](const Spelling& spelling) { return spelling.id == entry->id; });
  }
  entries_.erase(entry);
}

void LiveSecrets::spell(const Entry& entry) {
  for_each_spelling(entry.secret, [&](const std::string& text, bool base64) {
    const auto beginning = static_cast<unsigned char>(text.front());
    spellings_.at(beginning).push_back({entry.id, ports::Secret(text), base64});
    beginnings_.add(text);
  });
}

std::size_t LiveSecrets::longest_of(char beginning, std::string_view text) const {
  std::size_t longest = 0;
  for (const auto& spelling : spellings_.at(static_cast<unsigned char>(beginning))) {
    longest = std::max(longest, spelled_length(text, spelling.text.reveal(), spelling.base64));
  }
  return longest;
}

/// The length of the longest secret that `text` begins with, in use or not any more; 0: with none.
std::size_t LiveSecrets::length_at(std::string_view text) const {
  const char first = text.front();
  auto longest = longest_of(first, text);
  if (first == '-') longest = std::max(longest, longest_of('+', text));
  if (first == '_') longest = std::max(longest, longest_of('/', text));
  if (const auto escape = escape_in(text)) {
    longest = std::max(longest, longest_of(escape->meaning, text));
  }
  return retired_.empty() ? longest : std::max(longest, retired_.length_at(text));
}

std::string LiveSecrets::redacted(std::string_view text, std::size_t shortest) const {
  const std::shared_lock lock(mutex_);
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const auto length = beginnings_.may_begin(rest) ? length_at(rest) : 0;
    if (length >= shortest) {
      result += kRedacted;
    } else {
      result += text[at];
    }
    at += length >= shortest ? length : 1;
  }
  return result;
}

LiveSecrets& live_secrets() {
  static LiveSecrets secrets;
  return secrets;
}

}  // namespace sessync::os
