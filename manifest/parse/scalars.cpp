#include "manifest/parse/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "manifest/parse/edit_distance.h"
#include "manifest/parse/yaml/scalar_type.h"
#include "manifest/text/duration.h"
#include "manifest/text/size.h"
#include "manifest/text/text.h"

namespace sessync::manifest {
namespace {

std::string label(const Field& field) { return quoted_key(field.name) + ": "; }

/// Why a YAML integer must not be written like this, or "".
std::string notation_problem(std::string_view text) {
  if (text.starts_with("0x")) return "is hexadecimal: write it in decimal";
  if (text.starts_with("0o")) return "is octal: write it in decimal";
  const auto digits = text.substr(text.find_first_not_of("+-"));
  if (digits.size() > 1 && digits.starts_with('0')) {
    return "looks octal to some YAML readers: write it without the leading zero";
  }
  return "";
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [stop, fault] = std::from_chars(text.begin(), text.end(), value);
  if (fault != std::errc() || stop != text.end()) return std::nullopt;
  return value;
}

/// The number in front of "%"; nothing if it is none.
std::optional<std::int64_t> to_percentage(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != text.npos ||
      (text.size() > 1 && text.starts_with('0'))) {
    return std::nullopt;
  }
  const auto value = to_integer(text);
  return value && *value <= 100 ? value : std::nullopt;
}

struct IdKind {
  std::string_view prefix;
  std::string_view kind;
  std::string_view shown;
};
constexpr std::array<IdKind, 9> kIdKinds = {{
    {"file_", "file", "a file"},
    {"sesn_", "sesn", "a session"},
    {"session_", "sesn", "a session"},
    {"sesrsc_", "sesrsc", "a session's resource"},
    {"memstore_", "memstore", "a memory store"},
    {"env_", "env", "an environment"},
    {"agent_", "agent", "an agent"},
    {"vlt_", "vlt", "a vault"},
    {"wrkspc_", "wrkspc", "a workspace"},
}};
constexpr std::size_t kMaxIdLength = 128;

/// Ids become part of a URL's path.
bool is_plausible_id(std::string_view id) {
  if (id.empty() || id.size() > kMaxIdLength) return false;
  if (id.find_first_not_of('.') == id.npos) return false;
  return consists_of_alnum_or(id, "_-.");
}

}  // namespace

std::optional<std::string> read_text(const Field& field, Report& report) {
  const auto& node = *field.value;
  if (!node.is_scalar()) {
    report_wrong_type(field, "text", report);
    return std::nullopt;
  }
  if (scalar_type(node) != ScalarType::kText) {
    report.error(node.at, "wrong_type",
                 label(field) + "expected text, but got a " +
                     (scalar_type(node) == ScalarType::kBool ? "boolean" : "number") +
                     ": put it in quotes if it is meant as text");
    return std::nullopt;
  }
  // An escape such as "\ud800" can spell what the file's own bytes cannot.
  if (first_invalid_utf8(node.text)) {
    report.error(node.at, "invalid_utf8", label(field) + "is not valid UTF-8");
    return std::nullopt;
  }
  return node.text;
}

std::optional<std::string> read_line(const Field& field, Report& report) {
  auto text = read_text(field, report);
  if (!text) return std::nullopt;
  if (text->empty()) {
    report.error(field.at(), "empty_value", label(field) + "is empty");
    return std::nullopt;
  }
  if (has_control_character(*text)) {
    report.error(field.at(), "control_character",
                 label(field) + "has a line break or another control character");
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> read_limited_text(const Field& field, std::size_t limit,
                                             Report& report) {
  auto text = read_text(field, report);
  if (!text) return std::nullopt;
  const auto length = count_characters(*text);
  if (length <= limit) return text;
  report.error(field.at(), "too_long",
               label(field) + "has " + std::to_string(length) + " characters, the API takes " +
                   std::to_string(limit));
  return std::nullopt;
}

std::optional<bool> read_bool(const Field& field, Report& report) {
  const auto& node = *field.value;
  if (node.kind == YamlNode::Kind::kPlain) {
    if (node.text == "true") return true;
    if (node.text == "false") return false;
    report.error(node.at, "invalid_boolean",
                 label(field) + "expected true or false, but got " + quoted(node.text));
    return std::nullopt;
  }
  report_wrong_type(field, "true or false", report);
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const Field& field, IntegerRange range, Report& report) {
  const auto& node = *field.value;
  if (!node.is_scalar() || scalar_type(node) != ScalarType::kInteger) {
    report_wrong_type(field, "a whole number", report);
    return std::nullopt;
  }
  if (const auto why = notation_problem(node.text); !why.empty()) {
    report.error(node.at, "octal_integer", label(field) + quoted(node.text) + " " + why);
    return std::nullopt;
  }
  const auto value = to_integer(node.text);
  if (value && *value >= range.least && *value <= range.most) return value;
  report.error(node.at, "out_of_range",
               label(field) + "must be from " + std::to_string(range.least) + " to " +
                   std::to_string(range.most) + ", but is " + quoted(node.text));
  return std::nullopt;
}

std::optional<std::uint64_t> read_size(const Field& field, Report& report) {
  constexpr auto kExample = "a size such as \"500MB\" or \"2GiB\"";
  const auto& node = *field.value;
  if (!node.is_scalar()) {
    report_wrong_type(field, kExample, report);
    return std::nullopt;
  }
  const auto size = parse_size(node.text);
  if (!size) {
    report.error(node.at, "invalid_size",
                 label(field) + "expected " + kExample + ", but got " + quoted(node.text));
    return std::nullopt;
  }
  if (*size > 0) return size;
  report.error(node.at, "out_of_range", label(field) + "must be more than nothing");
  return std::nullopt;
}

std::optional<std::chrono::seconds> read_duration(const Field& field, DurationRange range,
                                                  Report& report) {
  constexpr auto kExample = "a duration such as \"30s\", \"5m\" or \"1h30m\"";
  const auto& node = *field.value;
  if (!node.is_scalar()) {
    report_wrong_type(field, kExample, report);
    return std::nullopt;
  }
  const auto duration = parse_duration(node.text);
  if (!duration) {
    report.error(node.at, "invalid_duration",
                 label(field) + "expected " + kExample + ", but got " + quoted(node.text));
    return std::nullopt;
  }
  if (*duration >= range.least && *duration <= range.most) return duration;
  report.error(node.at, "out_of_range",
               label(field) + "must be from " + format_duration(range.least) + " to " +
                   format_duration(range.most) + ", but is " + quoted(node.text));
  return std::nullopt;
}

std::optional<std::size_t> read_choice(const Field& field,
                                       std::span<const std::string_view> choices, Report& report) {
  const auto text = read_text(field, report);
  if (!text) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string list;
  for (const auto choice : choices) list += (list.empty() ? "" : ", ") + std::string(choice);
  report.error(field.at(), "invalid_choice",
               label(field) + quoted(*text) + " is none of " + list + did_you_mean(*text, choices));
  return std::nullopt;
}

std::optional<std::string> read_id(const Field& field, std::string_view kind, Report& report) {
  auto id = read_line(field, report);
  if (!id) return std::nullopt;
  if (!is_plausible_id(*id)) {
    report.error(field.at(), "invalid_id",
                 label(field) + quoted(*id) +
                     " is no id: those are up to 128 letters, digits, \"_\" and \"-\"");
    return std::nullopt;
  }
  for (const auto& known : kIdKinds) {
    if (!id->starts_with(known.prefix) || known.kind == kind) continue;
    report.error(field.at(), "invalid_id",
                 label(field) + quoted(*id) + " is the id of " + std::string(known.shown) +
                     ", which does not belong here");
    return std::nullopt;
  }
  return id;
}

std::optional<MaxDeletes> read_max_deletes(const Field& field, Report& report) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const auto& node = *field.value;
  if (node.is_scalar() && scalar_type(node) == ScalarType::kInteger) {
    const auto count = read_integer(field, {0, kMost}, report);
    if (!count) return std::nullopt;
    return MaxDeletes{false, static_cast<std::uint64_t>(*count)};
  }
  const auto text = read_text(field, report);
  if (!text) return std::nullopt;
  if (const auto percentage = to_percentage(*text)) {
    return MaxDeletes{true, static_cast<std::uint64_t>(*percentage)};
  }
  report.error(field.at(), "invalid_percentage",
               label(field) + "expected a percentage from \"0%\" to \"100%\" or a whole number, " +
                   "but got " + quoted(*text));
  return std::nullopt;
}

}  // namespace sessync::manifest
