#include "daemon/os/escapes.h"

namespace sessync::os {
namespace {

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

}  // namespace

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

}  // namespace sessync::os
