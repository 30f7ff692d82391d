#include "daemon/os/live_secrets.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

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

/// A character that is written as several: what it means, and how long it is.
struct Escape {
  char meaning = 0;
  std::size_t length = 0;
};

std::optional<unsigned> hex_value(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    const bool letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    const auto digit =
        letter ? (static_cast<unsigned>(c) & 7U) + 9U : static_cast<unsigned>(c - '0');
    value = value << 4U | digit;
  }
  return value;
}

/// %2F, \u002f or \/
std::optional<Escape> escape_in(std::string_view text) {
  if (text.size() >= 3 && text[0] == '%') {
    const auto value = hex_value(text.substr(1, 2));
    return value ? std::optional(Escape{static_cast<char>(*value), 3}) : std::nullopt;
  }
  if (text.size() < 2 || text[0] != '\\') return std::nullopt;
  if (text[1] != 'u') return Escape{text[1], 2};
  const auto value = text.size() >= 6 ? hex_value(text.substr(2, 4)) : std::nullopt;
  return value && *value < 0x80 ? std::optional(Escape{static_cast<char>(*value), 6})
                                : std::nullopt;
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

}  // namespace

void LiveSecrets::add(const ports::Secret& secret, Life life) {
  if (secret.reveal().size() < kShortest) return;
  const auto hash = std::hash<std::string>()(secret.reveal());
  const std::unique_lock lock(mutex_);
  ++additions_;
  const auto known = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.hash == hash && entry.secret == secret; });
  if (known != entries_.end()) {
    known->added = additions_;
    if (life == Life::kProcess) known->life = life;
    return;
  }
  if (life == Life::kUse) make_way();
  entries_.push_back({additions_, hash, life, additions_, secret});
  spell(entries_.back());
}

void LiveSecrets::make_way() {
  const auto passing = std::ranges::count(entries_, Life::kUse, &Entry::life);
  if (static_cast<std::size_t>(passing) < kMost) return;
  const auto oldest = std::ranges::min_element(entries_, {}, [](const Entry& entry) {
    return std::pair(entry.life == Life::kProcess, entry.added);
  });
  for (auto& bucket : spellings_) {
    std::erase_if(bucket, [&](const Spelling& spelling) { return spelling.id == oldest->id; });
  }
  entries_.erase(oldest);
}

void LiveSecrets::spell(const Entry& entry) {
  const auto put = [&](ports::Secret text, bool base64) {
    const auto beginning = static_cast<unsigned char>(text.reveal().front());
    spellings_.at(beginning).push_back({entry.id, std::move(text), base64});
  };
  put(entry.secret, false);
  if (entry.secret.reveal().size() < kShortestEncoded) return;
  for (std::size_t before = 0; before < 3; ++before) {
    put(ports::Secret(middle_of_base64(entry.secret.reveal(), before)), true);
  }
}

std::size_t LiveSecrets::longest_of(char beginning, std::string_view text) const {
  std::size_t longest = 0;
  for (const auto& spelling : spellings_.at(static_cast<unsigned char>(beginning))) {
    longest = std::max(longest, spelled_length(text, spelling.text.reveal(), spelling.base64));
  }
  return longest;
}

/// The length of the longest secret that `text` begins with; 0: with none.
std::size_t LiveSecrets::length_at(std::string_view text) const {
  const char first = text.front();
  auto longest = longest_of(first, text);
  if (first == '-') longest = std::max(longest, longest_of('+', text));
  if (first == '_') longest = std::max(longest, longest_of('/', text));
  if (const auto escape = escape_in(text)) {
    longest = std::max(longest, longest_of(escape->meaning, text));
  }
  return longest;
}

std::string LiveSecrets::redacted(std::string_view text, std::size_t shortest) const {
  const std::shared_lock lock(mutex_);
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = length_at(text.substr(at));
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
