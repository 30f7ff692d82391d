#include <algorithm>
#include <array>
#include <cstdint>

#include "manifest/text/utf8.h"
#include "manifest/write/write.h"

namespace sessync::manifest {
namespace {

bool is_plain_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_plain_character(char c) {
  constexpr std::string_view kOthers = "_./+@:-";
  return is_plain_letter(c) || (c >= '0' && c <= '9') || kOthers.find(c) != kOthers.npos;
}

/// Words that some version of YAML takes for a boolean or null, in any case.
bool is_reserved(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"y",   "n",    "yes",   "no",  "on",
                                                      "off", "true", "false", "null"};
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return std::ranges::find(kWords, lower) != kWords.end();
}

/// What begins with a letter or "/" is no number, date or indicator.
bool is_plain(std::string_view text) {
  return !text.empty() && (is_plain_letter(text.front()) || text.front() == '/') &&
         std::ranges::all_of(text, is_plain_character) && !text.ends_with(':') &&
         !is_reserved(text);
}

std::uint32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character.front());
  constexpr std::array<unsigned, 5> kLeadBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t point = lead & kLeadBits.at(character.size());
  for (const char next : character.substr(1)) {
    point = (point << 6U) | (static_cast<unsigned char>(next) & 0x3FU);
  }
  return point;
}

std::string escaped(char kind, std::uint32_t point, unsigned digits) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text{'\\', kind};
  for (unsigned left = digits; left > 0; --left) text += kHex[(point >> (4 * (left - 1))) & 15U];
  return text;
}

/// Controls, and what some parsers take for a line break, drop, or refuse.
std::string quoted_character(std::string_view character) {
  const std::uint32_t point = code_point(character);
  if (point == '"' || point == '\\') return "\\" + std::string(character);
  if (point == '\n') return "\\n";
  if (point == '\t') return "\\t";
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return escaped('x', point, 2);
  const bool is_odd =
      point == 0x2028 || point == 0x2029 || point == 0xFEFF || (point >= 0xFFFE && point <= 0xFFFF);
  return is_odd ? escaped('u', point, 4) : std::string(character);
}

}  // namespace

std::string write_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    out += length == 0 ? "\\uFFFD" : quoted_character(text.substr(at, length));
    at += std::max<std::size_t>(length, 1);
  }
  return out + "\"";
}

}  // namespace sessync::manifest
