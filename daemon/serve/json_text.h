#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/ports/api_error.h"

namespace sessync::serve {

/// Writes JSON as compact ASCII text (terminals obey some characters beyond it; bytes that are not
/// UTF-8 become U+FFFD), without a line break. For documents that are written often: it builds no
/// tree, and checks none: each object and array must be closed, each key followed by one value.
/// One thread at a time.
class JsonText {
 public:
  JsonText& object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& array() { return open('['); }
  JsonText& end_array() { return close(']'); }
  JsonText& key(std::string_view name);

  /// Escaped, in quotes.
  JsonText& text(std::string_view value);
  /// null for "": where the document says of a text that there is none.
  JsonText& text_or_null(std::string_view value);
  JsonText& number(std::uint64_t value) { return raw(std::to_string(value)); }
  JsonText& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonText& null() { return raw("null"); }
  JsonText& time(
      const std::optional<ports::TimePoint>& value);  ///< RFC 3339, UTC, to the millisecond
  JsonText& raw(std::string_view json);               ///< a value that is JSON already

  /// What was written; nothing may be written after it.
  std::string take() { return std::move(out_); }

 private:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  void separate();

  std::string out_;
  bool follows_ = false;  ///< a value stands before, in the same list
};

/// The document of an error, with a line break at its end: {"error": {"code": …, "message": …}}.
/// `code` is for programs, in snake_case and one of ours; `message` for people, and may quote.
std::string error_document(std::string_view code, std::string_view message);

}  // namespace sessync::serve
