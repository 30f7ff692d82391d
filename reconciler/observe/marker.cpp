#include "reconciler/observe/marker.h"

#include <algorithm>
#include <cstddef>

#include "manifest/text/utf8.h"
#include "reconciler/observe/name_text.h"

namespace sessync::observe {
namespace {

constexpr std::string_view kTag = "sessync.";
constexpr std::size_t kMaxOwnerBytes = 20;
constexpr std::size_t kDigestDigits = 32;
constexpr std::string_view kRefused = "<>:\"|?*\\/";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_owner_character(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; }
bool is_hex_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

bool is_acceptable_ascii(unsigned char byte) {
  return byte >= 0x20U && byte != 0x7FU &&
         kRefused.find(static_cast<char>(byte)) == std::string_view::npos;
}

/// `text` as valid UTF-8 of acceptable characters; every other byte becomes "_".
std::string cleaned(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = byte < 0x80U ? 0 : manifest::utf8_length(text, 0);
    if (length > 0) {
      out.append(text.substr(0, length));
    } else {
      out.push_back(byte < 0x80U && is_acceptable_ascii(byte) ? text.front() : '_');
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace

std::string encode_marker(std::string_view owner, std::string_view sha256,
                          std::string_view basename) {
  std::string name(kTag);
  name.append(owner).append(".").append(sha256.substr(0, kDigestDigits)).append(".");
  const std::string tail = basename.empty() ? "_" : cleaned(basename);
  return name + shortened_name(tail, kMaxNameBytes - name.size());
}

std::optional<Marker> decode_marker(std::string_view filename) {
  if (!filename.starts_with(kTag)) {
    return std::nullopt;
  }
  filename.remove_prefix(kTag.size());
  const std::size_t dot = filename.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot > kMaxOwnerBytes) {
    return std::nullopt;
  }
  const std::string_view owner = filename.substr(0, dot);
  filename.remove_prefix(dot + 1);
  const std::string_view digest = filename.substr(0, kDigestDigits);
  const bool valid = filename.size() > kDigestDigits && filename[kDigestDigits] == '.' &&
                     std::all_of(owner.begin(), owner.end(), is_owner_character) &&
                     std::all_of(digest.begin(), digest.end(), is_hex_character);
  if (!valid) {
    return std::nullopt;
  }
  return Marker{.owner = std::string(owner),
                .digest_prefix = std::string(digest),
                .basename = std::string(filename.substr(kDigestDigits + 1))};
}

bool marker_matches(const Marker& marker, std::string_view sha256) {
  return marker.digest_prefix.size() == kDigestDigits && sha256.starts_with(marker.digest_prefix);
}

}  // namespace sessync::observe
