#pragma once

#include <cstddef>
#include <span>

namespace sessync::workspace {

/// The first place at or behind `from` near which one of the texts that secret_at() knows can
/// stand; the size of `text` if there is none. Two of the bytes there are compared with what each
/// text has at two places, 32 places at a time where the processor can (AVX2), so that this takes a
/// fraction of what the hash of the text takes.
///
/// The last two bytes are the end of a place, and none themselves.
std::size_t next_anchor(std::span<const char> text, std::size_t from);

/// How many lines end in `text`.
std::size_t count_line_ends(std::span<const char> text);

}  // namespace sessync::workspace
