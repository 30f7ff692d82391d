#include "daemon/os/foreign_text.h"

#include <algorithm>

#include "daemon/os/live_secrets.h"
#include "manifest/text/utf8.h"
#include "reconciler/ports/userinfo.h"

namespace sessync::os {
namespace {

/// What is longer is not looked at: redacting takes time, and no message needs it.
constexpr std::size_t kMostLookedAt = std::size_t{64} << 10U;

/// What is shown for the one character, or the one byte that is none.
std::string_view shown(std::string_view character, bool is_whole) {
  if (is_whole && manifest::is_harmless(character)) return character;
  return character == "\n" || character == "\r" || character == "\t" ? " " : "?";
}

/// At most `most` bytes; a blank for white space and "?" for what may not be shown.
std::string one_line(std::string_view text, std::size_t most) {
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = manifest::utf8_length(text, at);
    const auto character = text.substr(at, std::max<std::size_t>(length, 1));
    const auto part = shown(character, length > 0);
    if (line.size() + part.size() > most) break;
    line += part;
    at += character.size();
  }
  return line;
}

}  // namespace

std::string without_secrets(std::string_view text) {
  return ports::without_userinfo(live_secrets().redacted(text));
}

std::string without_long_secrets(std::string_view text) {
  constexpr std::size_t kNoMereWord = 16;
  return live_secrets().redacted(text, kNoMereWord);
}

std::string foreign_text(std::string_view text, std::size_t most) {
  // Cut last: half a secret would not be recognised.
  return one_line(without_secrets(text.substr(0, kMostLookedAt)), most);
}

std::string foreign_lines(std::string_view text) {
  const std::string unspoken = without_secrets(text);
  std::string lines;
  for (std::string_view rest = unspoken; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    lines += one_line(rest.substr(0, end), rest.npos);
    if (end < rest.size()) lines += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

}  // namespace sessync::os
