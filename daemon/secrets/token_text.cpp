#include "daemon/secrets/token_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "daemon/os/foreign_text.h"

namespace sessync::secrets {
namespace {

constexpr std::string_view kMask = "[redacted]";
constexpr std::size_t kLongWord = 20;
constexpr std::size_t kNoWord = 32;
constexpr std::array<std::string_view, 8> kPrefixes = {"ghp_", "gho_",        "ghu_", "ghs_",
                                                       "ghr_", "github_pat_", "sk-",  "eyJ"};

bool is_graphic(char c) { return c > ' ' && c <= '~'; }

bool is_word(char c) {
  static constexpr std::string_view kOthers = "_-+";
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 && (std::isalnum(byte) != 0 || kOthers.find(c) != std::string_view::npos);
}

template <class Predicate>
bool has(std::string_view word, Predicate predicate) {
  return std::ranges::any_of(word,
                             [&](char c) { return predicate(static_cast<unsigned char>(c)) != 0; });
}

/// Tokens have a known beginning, or are long and mix letters and digits, also when encoded.
bool looks_like_credential(std::string_view word) {
  const bool known = std::ranges::any_of(
      kPrefixes, [word](std::string_view prefix) { return word.starts_with(prefix); });
  const bool mixed = has(word, [](int c) { return std::isalpha(c); }) &&
                     has(word, [](int c) { return std::isdigit(c); });
  return known || word.size() >= kNoWord || (word.size() >= kLongWord && mixed);
}

std::string masked(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto* const end = std::find_if_not(text.begin() + at, text.end(), is_word);
    const auto word = text.substr(at, static_cast<std::size_t>(end - text.begin()) - at);
    result += looks_like_credential(word) ? kMask : word;
    at += word.size();
    if (at < text.size()) result += text[at++];
  }
  return result;
}

/// Runs of anything that is not printable ASCII become one space.
std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (is_graphic(c)) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

}  // namespace

std::string safe_excerpt(std::string_view text, std::size_t most) {
  // Masked before it is cut: half a token at the end would not be recognised.
  std::string result = masked(printable(os::without_secrets(text)));
  if (result.size() > most) {
    result.resize(most);
    result += "...";
  }
  return result;
}

}  // namespace sessync::secrets
