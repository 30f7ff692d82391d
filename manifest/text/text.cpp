#include "manifest/text/text.h"

#include <algorithm>
#include <array>

#include "manifest/text/utf8.h"

namespace sessync::manifest {
namespace {

constexpr std::size_t kMaxQuotedBytes = 80;

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

bool is_control(unsigned char byte) { return byte < 0x20U || byte == 0x7FU; }

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (is_control(byte)) {
    out += "\\x";
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  } else {
    out += c;
  }
}

}  // namespace

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return !is_continuation(static_cast<unsigned char>(c));
  }));
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_control(static_cast<unsigned char>(c)); });
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8_length(text, i);
    if (length == 0) return i;
    i += length;
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  std::size_t end = text.size();
  if (end > kMaxQuotedBytes) {
    end = kMaxQuotedBytes;
    while (end > 0 && is_continuation(static_cast<unsigned char>(text[end]))) --end;
  }
  std::string out = "\"";
  for (const char c : text.substr(0, end)) append_escaped(out, c);
  if (end < text.size()) out += "...";
  out += '"';
  return out;
}

bool consists_of_alnum_or(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

}  // namespace sessync::manifest
