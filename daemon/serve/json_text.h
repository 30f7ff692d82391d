#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/ports/api_error.h"

namespace sessync {

/// Writes JSON as compact ASCII text (terminals obey some characters beyond it; bytes that are not
/// UTF-8 become U+FFFD). For documents that are written often: it builds no tree.
class JsonText {
 public:
  JsonText& object() { return open('{'); }
  JsonText& end_object() { return close('}'); }
  JsonText& array() { return open('['); }
  JsonText& end_array() { return close(']'); }
  JsonText& key(std::string_view name);

  JsonText& text(std::string_view value);
  JsonText& text_or_null(std::string_view value);  ///< null for ""
  JsonText& number(std::uint64_t value) { return raw(std::to_string(value)); }
  JsonText& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonText& null() { return raw("null"); }
  JsonText& time(const std::optional<TimePoint>& value);
  JsonText& raw(std::string_view json);  ///< a value that is JSON already

  std::string take() { return std::move(out_); }

 private:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  void separate();

  std::string out_;
  bool follows_ = false;  ///< a value stands before, in the same list
};

/// The document of an error: {"error": {"code": …, "message": …}}.
std::string error_document(std::string_view code, std::string_view message);

}  // namespace sessync
