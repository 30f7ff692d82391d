#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

/// The one door to the log: standard error, text for people or one JSON object a line for machines.
namespace sessync {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

struct LogField {
  std::string_view key;
  std::string value;
};

/// Call once, before the first thread starts.
void configure_log(LogLevel level, bool json);

/// Writes one line. Values are made printable; secrets have a type that does not convert to a
/// value.
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

}  // namespace sessync
