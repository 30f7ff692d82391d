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
constexpr char kSealed = 'k';
constexpr std::size_t kCheckDigits = 16;
static_assert(1 + kContentSealDigits + kCheckDigits == kDigestDigits);
constexpr std::string_view kContentDomain = "sessync marker content 1\n";
constexpr std::string_view kCheckDomain = "sessync marker 1\n";
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

/// That of the owner and of the part that says what is marked: so whoever lacks the content can
/// tell whether a marker is genuine.
std::string check_of(const ports::MarkerKey& key, std::string_view owner,
                     std::string_view content) {
  std::string message(kCheckDomain);
  message.append(owner).append("\n").append(content);
  return key.mac(message).substr(0, kCheckDigits);
}

/// What stands in the middle.
std::string claim_of(std::string_view owner, std::string_view sha256,
                     const ports::MarkerKeys& keys) {
  if (keys.empty()) {
    return std::string(sha256.substr(0, kDigestDigits));
  }
  const auto content = seal_of_content(*keys.front(), sha256);
  return kSealed + content + check_of(*keys.front(), owner, content);
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_hex_character);
}

}  // namespace

std::string encode_marker(std::string_view owner, std::string_view sha256,
                          std::string_view basename, const ports::MarkerKeys& keys) {
  std::string name(kTag);
  name.append(owner).append(".").append(claim_of(owner, sha256, keys)).append(".");
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
  const std::string_view claim = filename.substr(0, kDigestDigits);
  const bool is_sealed = claim.starts_with(kSealed);
  const bool valid = filename.size() > kDigestDigits && filename[kDigestDigits] == '.' &&
                     std::all_of(owner.begin(), owner.end(), is_owner_character) &&
                     is_hex(claim.substr(is_sealed ? 1 : 0));
  if (!valid) {
    return std::nullopt;
  }
  return Marker{.owner = std::string(owner),
                .digest_prefix = is_sealed ? std::string() : std::string(claim),
                .basename = std::string(filename.substr(kDigestDigits + 1)),
                .seal = is_sealed ? std::string(claim.substr(1)) : std::string()};
}

std::string seal_of_content(const ports::MarkerKey& key, std::string_view sha256) {
  return key.mac(std::string(kContentDomain).append(sha256)).substr(0, kContentSealDigits);
}

bool is_sealed_with(const ports::MarkerKey& key, const Marker& marker) {
  const std::string_view seal = marker.seal;
  return seal.size() == kContentSealDigits + kCheckDigits &&
         check_of(key, marker.owner, seal.substr(0, kContentSealDigits)) ==
             seal.substr(kContentSealDigits);
}

bool marker_matches(const Marker& marker, std::string_view sha256) {
  return marker.digest_prefix.size() == kDigestDigits && sha256.starts_with(marker.digest_prefix);
}

}  // namespace sessync::observe
