#include "daemon/serve/json_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "daemon/os/foreign_text.h"
#include "reconciler/observe/server_time.h"

namespace sessync::serve {

void JsonText::separate() {
  if (follows_) {
    out_ += ',';
  }
  follows_ = true;
}

JsonText& JsonText::open(char bracket) {
  separate();
  out_ += bracket;
  follows_ = false;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  out_ += bracket;
  follows_ = true;
  return *this;
}

JsonText& JsonText::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  text(name);
  out_ += ':';
  follows_ = false;
  return *this;
}

JsonText& JsonText::text(std::string_view given) {
  const auto value = os::without_long_secrets(given);
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  separate();
  if (std::ranges::all_of(value, plain)) {
    out_ += '"';
    out_ += value;
    out_ += '"';
  } else {
    out_ += nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }
  return *this;
}

JsonText& JsonText::text_or_null(std::string_view value) {
  return value.empty() ? null() : text(value);
}

JsonText& JsonText::time(const std::optional<ports::TimePoint>& value) {
  return value ? text(observe::timestamp(*value)) : null();
}

std::string error_document(std::string_view code, std::string_view message) {
  JsonText json;
  json.object().key("error").object();
  json.key("code").text(code).key("message").text(message);
  return json.end_object().end_object().take() + "\n";
}

}  // namespace sessync::serve
