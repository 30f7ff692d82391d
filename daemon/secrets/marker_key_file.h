#pragma once

#include <string>

#include <tl/expected.hpp>

#include "reconciler/ports/marker_key.h"

namespace sessync::secrets {

/// The fewest characters that a key may have: those of 128 bits in hex.
inline constexpr std::size_t kShortestMarkerKey = 32;

/// The keys in a file, a line each, the newest first; empty lines, and those that begin with #, are
/// none. A key is the text of its line, printable ASCII without blanks around or in it. An error
/// says what is wrong with which line, and repeats nothing of it. From then on no message shows a
/// key.
tl::expected<ports::MarkerKeys, std::string> read_marker_keys(const std::string& path);

}  // namespace sessync::secrets
