#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "manifest/parse/fields.h"

/// Readers of single values. Each gives nothing after it reported why.
namespace sessync::manifest {

/// Text, maybe empty. A plain number or boolean is no text: YAML tools would not agree about it.
std::optional<std::string> read_text(const Field& field, Report& report);

/// Text with at least one character and no control character.
std::optional<std::string> read_line(const Field& field, Report& report);

/// Text of at most `limit` characters.
std::optional<std::string> read_limited_text(const Field& field, std::size_t limit, Report& report);

/// `true` or `false`, in no other spelling.
std::optional<bool> read_bool(const Field& field, Report& report);

struct IntegerRange {
  std::int64_t least;
  std::int64_t most;
};
/// A decimal integer within `range`; nothing that could be taken for octal.
std::optional<std::int64_t> read_integer(const Field& field, IntegerRange range, Report& report);

struct DurationRange {
  std::chrono::seconds least;
  std::chrono::seconds most;
};
std::optional<std::chrono::seconds> read_duration(const Field& field, DurationRange range,
                                                  Report& report);

/// At least one byte.
std::optional<std::uint64_t> read_size(const Field& field, Report& report);

/// The index of the value in `choices`.
std::optional<std::size_t> read_choice(const Field& field,
                                       std::span<const std::string_view> choices, Report& report);

/// An id that the API gave out: opaque, but never one of another kind of thing. `kind` is its usual
/// prefix without the underscore ("file", "agent").
std::optional<std::string> read_id(const Field& field, std::string_view kind, Report& report);

std::optional<MaxDeletes> read_max_deletes(const Field& field, Report& report);

}  // namespace sessync::manifest
