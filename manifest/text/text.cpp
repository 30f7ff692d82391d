#include "manifest/text/text.h"

#include <algorithm>
#include <array>

#include "manifest/text/secret_text.h"
#include "manifest/text/utf8.h"

namespace sessync::manifest {
namespace {

constexpr std::size_t kMaxQuotedBytes = 80;
constexpr std::size_t kMaxNameCharacters = 40;
constexpr std::string_view kMask = "[redacted]";

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

bool is_control(unsigned char byte) { return byte < 0x20U || byte == 0x7FU; }

std::string hex_of(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
}

/// "::error::" and "##vso[...]" are commands to those who read the output of a build.
bool begins_command(std::string_view text, std::size_t at) {
  return (text[at] == ':' || text[at] == '#') && at + 1 < text.size() && text[at + 1] == text[at];
}

/// Without what ends a line, a quotation or is a command.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (begins_command(text, at)) {
      out += hex_of(static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return printable(out);
}

/// The first bytes of `text`, at most `most`, without half a character at the end.
std::string_view first_bytes(std::string_view text, std::size_t most) {
  std::size_t end = std::min(text.size(), most);
  while (end > 0 && end < text.size() && is_continuation(static_cast<unsigned char>(text[end]))) {
    --end;
  }
  return text.substr(0, end);
}

std::string_view first_characters(std::string_view text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    if (!is_continuation(static_cast<unsigned char>(text[end])) && ++count > most) break;
  }
  return text.substr(0, end);
}

std::string in_quotes(std::string_view text, std::string_view shown) {
  return "\"" + escaped(shown) + (shown.size() < text.size() ? "...\"" : "\"");
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
  if (holds_known_secret(text)) return in_quotes(kMask, kMask);
  return in_quotes(text, first_bytes(text, kMaxQuotedBytes));
}

std::string quoted_key(std::string_view key) {
  if (looks_like_secret(key)) return in_quotes(kMask, kMask);
  return in_quotes(key, first_characters(key, kMaxNameCharacters));
}

std::string shown_file(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  std::string shown = printable(path.substr(0, path.size() - name.size()));
  if (looks_like_secret(name)) return shown.append(kMask);
  const auto start = first_characters(name, kMaxNameCharacters);
  std::string harmless;
  for (std::size_t at = 0; at < start.size(); ++at) {
    if (begins_command(start, at)) {
      harmless += hex_of(static_cast<unsigned char>(start[at]));
    } else {
      harmless += start[at];
    }
  }
  return shown + printable(harmless) + (start.size() < name.size() ? "..." : "");
}

bool is_owner_name(std::string_view text) {
  constexpr std::size_t kMaxOwner = 20;
  return !text.empty() && text.size() <= kMaxOwner &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool consists_of_alnum_or(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

}  // namespace sessync::manifest
