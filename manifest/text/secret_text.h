#pragma once

#include <string_view>

namespace sessync::manifest {

/// Whether somewhere in `text` a word begins as keys and tokens of well-known kinds do, and goes on
/// for long enough: for values, of which most are no secrets.
bool holds_known_secret(std::string_view text);

/// That, or a word so long, of letters and digits mixed, that it was made by a machine: for keys
/// and names, which people choose.
bool looks_like_secret(std::string_view text);

}  // namespace sessync::manifest
