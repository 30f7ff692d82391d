#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sessync::observe {

/// Our tag in the file name of an upload, and so of every copy that the API makes of it: says who
/// put it there and, in effect, what it holds. Written as
/// `sessync.<owner>.<first 32 hex digits of sha256>.<basename>`.
struct Marker {
  std::string owner;
  std::string digest_prefix;  ///< 32 lower-case hex digits
  std::string basename;       ///< for people; cut and cleaned, so it proves nothing
  friend bool operator==(const Marker&, const Marker&) = default;
};

/// The name under which the content `sha256` (64 lower-case hex digits) of a file called `basename`
/// (any bytes) is uploaded for `owner` ([a-z0-9-]{1,20}). At most 255 bytes of valid UTF-8 without
/// a character that the API refuses; a basename that is too long loses its middle, not its
/// extension.
std::string encode_marker(std::string_view owner, std::string_view sha256,
                          std::string_view basename);

/// The marker in a file name, or nothing if it has none. Total: any bytes may be asked.
std::optional<Marker> decode_marker(std::string_view filename);

/// Whether the marker names this content.
bool marker_matches(const Marker& marker, std::string_view sha256);

}  // namespace sessync::observe
