#include "manifest/text/utf8.h"

#include <algorithm>
#include <array>

namespace sessync::manifest {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// C0, DEL, and C1, which terminals obey too.
bool is_control(std::string_view character) {
  const auto byte = byte_at(character, 0);
  return byte < 0x20 || byte == 0x7F || (byte == 0xC2 && byte_at(character, 1) < 0xA0);
}

/// Characters that end a line or change the order in which those around them are shown: what is
/// read would not be what is there.
bool is_deceptive(std::string_view character) {
  static constexpr std::array<std::string_view, 5> kAlone = {"\u061C", "\u200E", "\u200F", "\u2028",
                                                             "\u2029"};
  const auto within = [character](std::string_view first, std::string_view last) {
    return character.size() == 3 && character >= first && character <= last;
  };
  return std::ranges::find(kAlone, character) != kAlone.end() || within("\u202A", "\u202E") ||
         within("\u2066", "\u2069");
}

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto lead = byte_at(text, at);
  if (lead < 0x80) {
    return 1;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) {
    return 0;
  }
  const auto second = byte_at(text, at + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return overlong || beyond ? 0 : length;
}

bool is_harmless(std::string_view character) {
  return !is_control(character) && !is_deceptive(character);
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    if (length == 0) {
      append_hex(out, text.substr(at, 1));
      ++at;
      continue;
    }
    const auto character = text.substr(at, length);
    if (is_harmless(character)) {
      out += character;
    } else {
      append_hex(out, character);
    }
    at += length;
  }
  return out;
}

}  // namespace sessync::manifest
