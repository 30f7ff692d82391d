#include "reconciler/marker.h"

#include <algorithm>
#include <cstddef>

namespace sessync {
namespace {

constexpr std::string_view kTag = "sessync.";
constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxOwnerBytes = 20;
constexpr std::size_t kDigestDigits = 32;
constexpr std::size_t kMaxExtensionBytes = 32;
constexpr std::string_view kRefused = "<>:\"|?*\\/";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_owner_character(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-'; }
bool is_hex_character(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

bool is_acceptable_ascii(unsigned char byte) {
  return byte >= 0x20U && byte != 0x7FU &&
         kRefused.find(static_cast<char>(byte)) == std::string_view::npos;
}

/// What a lead byte announces: how many bytes, and the range of the second one, which excludes
/// overlong forms, surrogates and everything above U+10FFFF.
struct Sequence {
  std::size_t length = 0;  ///< 0: not a lead byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

Sequence sequence_of(unsigned char lead) {
  if (lead >= 0xC2U && lead <= 0xDFU) {
    return {.length = 2};
  }
  if (lead >= 0xE0U && lead <= 0xEFU) {
    return {.length = 3,
            .second_min = static_cast<unsigned char>(lead == 0xE0U ? 0xA0 : 0x80),
            .second_max = static_cast<unsigned char>(lead == 0xEDU ? 0x9F : 0xBF)};
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    return {.length = 4,
            .second_min = static_cast<unsigned char>(lead == 0xF0U ? 0x90 : 0x80),
            .second_max = static_cast<unsigned char>(lead == 0xF4U ? 0x8F : 0xBF)};
  }
  return {};
}

/// Length of the well-formed multi-byte character at the front of `text`, or 0.
std::size_t multibyte_length(std::string_view text) {
  const Sequence sequence = sequence_of(static_cast<unsigned char>(text.front()));
  if (sequence.length == 0 || text.size() < sequence.length) {
    return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool well_formed =
      second >= sequence.second_min && second <= sequence.second_max &&
      std::all_of(text.begin() + 2, text.begin() + static_cast<std::ptrdiff_t>(sequence.length),
                  is_continuation);
  return well_formed ? sequence.length : 0;
}

/// `text` as valid UTF-8 of acceptable characters; every other byte becomes "_".
std::string cleaned(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = byte < 0x80U ? 0 : multibyte_length(text);
    if (length > 0) {
      out.append(text.substr(0, length));
    } else {
      out.push_back(byte < 0x80U && is_acceptable_ascii(byte) ? text.front() : '_');
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

/// The longest front of `text` (valid UTF-8) that has at most `limit` bytes and whole characters.
std::string_view front_of(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  while (limit > 0 && is_continuation(text[limit])) {
    --limit;
  }
  return text.substr(0, limit);
}

std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const bool has_one = dot != std::string_view::npos && dot > 0;
  return has_one && name.size() - dot <= kMaxExtensionBytes ? name.substr(dot) : "";
}

std::string shortened(const std::string& name, std::size_t limit) {
  if (name.size() <= limit) {
    return name;
  }
  const std::string_view extension = extension_of(name);
  std::string out(front_of(name, limit - extension.size()));
  return out.append(extension);
}

}  // namespace

std::string encode_marker(std::string_view owner, std::string_view sha256,
                          std::string_view basename) {
  std::string name(kTag);
  name.append(owner).append(".").append(sha256.substr(0, kDigestDigits)).append(".");
  const std::string tail = basename.empty() ? "_" : cleaned(basename);
  return name + shortened(tail, kMaxNameBytes - name.size());
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

}  // namespace sessync
