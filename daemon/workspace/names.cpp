#include "daemon/workspace/names.h"

#include <array>
#include <system_error>

namespace sessync {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// The length of the well-formed UTF-8 character at `at`, 0 if there is none (Unicode, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const unsigned char lead = byte_at(text, at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return 0;
  const unsigned char second = byte_at(text, at + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  if (overlong || beyond) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7F; }

std::string escaped(unsigned char byte) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  return {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
}

}  // namespace

bool is_mountable_name(std::string_view name) {
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = utf8_length(name, at);
    if (length == 0 || is_control(byte_at(name, at))) return false;
    at += length;
  }
  return true;
}

std::string printable(std::string_view path) {
  std::string text;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t length = utf8_length(path, at);
    if (length == 0 || is_control(byte_at(path, at))) {
      text += escaped(byte_at(path, at++));
      continue;
    }
    text += path.substr(at, length);
    at += length;
  }
  return text;
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path;
  path.reserve(directory.size() + name.size() + 1);
  path += directory;
  if (!directory.empty() && !name.empty()) path += '/';
  return path += name;
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace sessync
