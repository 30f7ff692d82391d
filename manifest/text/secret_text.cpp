#include "manifest/text/secret_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace sessync::manifest {
namespace {

constexpr std::array<std::string_view, 14> kBeginnings = {
    "sk-ant-", "ghp_",  "gho_",  "ghu_",  "ghs_",   "ghr_", "github_pat_",
    "AKIA",    "xoxa-", "xoxb-", "xoxp-", "glpat-", "eyJ",  "hvs."};
constexpr std::string_view kKeyHeader = "PRIVATE KEY";
constexpr std::size_t kLeastAfterBeginning = 4;
constexpr std::size_t kMachineMade = 20;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_figure(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool is_letter_or_figure(char c) { return is_letter(c) || is_figure(c); }

/// At `at` a word begins, and it begins like one.
bool begins_known(std::string_view text, std::size_t at) {
  if (at > 0 && is_letter_or_figure(text[at - 1])) return false;
  const auto rest = text.substr(at);
  return std::ranges::any_of(kBeginnings, [rest](std::string_view beginning) {
    return rest.size() >= beginning.size() + kLeastAfterBeginning && rest.starts_with(beginning);
  });
}

bool is_machine_made(std::string_view word) {
  return word.size() >= kMachineMade && std::ranges::any_of(word, is_letter) &&
         std::ranges::any_of(word, is_figure);
}

}  // namespace

bool holds_known_secret(std::string_view text) {
  if (text.find(kKeyHeader) != text.npos) return true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (begins_known(text, at)) return true;
  }
  return false;
}

bool looks_like_secret(std::string_view text) {
  if (holds_known_secret(text)) return true;
  while (!text.empty()) {
    const auto* const end = std::ranges::find_if_not(text, is_letter_or_figure);
    const auto length = static_cast<std::size_t>(end - text.begin());
    if (is_machine_made(text.substr(0, length))) return true;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return false;
}

}  // namespace sessync::manifest
