#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/ports/marker_key.h"

namespace sessync::observe {

/// Our tag in the file name of an upload, and so of every copy that the API makes of it: says who
/// put it there and, in effect, what it holds. Written as
/// `sessync.<owner>.<first 32 hex digits of sha256>.<basename>`, with a key as
/// `sessync.<owner>.k<31 hex digits of its HMACs>.<basename>`.
struct Marker {
  std::string owner;
  /// 32 lower-case hex digits. "": it has a seal, which says what it holds only to who knows the
  /// content and the key (see MarkerReader).
  std::string digest_prefix;
  std::string basename;  ///< for people; cut and cleaned, so it proves nothing
  std::string seal{};    ///< 31 lower-case hex digits; "": it was made without a key
  friend bool operator==(const Marker&, const Marker&) = default;
};

/// The name under which the content `sha256` (64 lower-case hex digits) of a file called `basename`
/// (any bytes) is uploaded for `owner` ([a-z0-9-]{1,20}), made with the newest of `keys`. At most
/// 255 bytes of valid UTF-8 without a character that the API refuses; a basename that is too long
/// loses its middle, not its extension.
std::string encode_marker(std::string_view owner, std::string_view sha256,
                          std::string_view basename, const ports::MarkerKeys& keys = {});

/// The marker in a file name, or nothing if it has none. Says nothing of who wrote it: anybody can.
/// Total: any bytes may be asked.
std::optional<Marker> decode_marker(std::string_view filename);

/// How much of a seal says what is marked. The rest says that it is genuine.
inline constexpr std::size_t kContentSealDigits = 15;

/// That part.
std::string seal_of_content(const ports::MarkerKey& key, std::string_view sha256);

/// Whether somebody who has `key` made the marker. It has a seal.
bool is_sealed_with(const ports::MarkerKey& key, const Marker& marker);

/// Whether the marker names this content, as far as it says so itself.
bool marker_matches(const Marker& marker, std::string_view sha256);

}  // namespace sessync::observe
