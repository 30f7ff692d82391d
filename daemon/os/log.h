#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The one door to the log: standard error, text for people or one JSON object a line for machines.
namespace sessync::os {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

struct LogField {
  LogField(std::string_view field, std::string text) : key(field), value(std::move(text)) {}
  LogField(std::string_view field, std::integral auto number)
      : key(field), value(static_cast<std::int64_t>(number)) {}

  std::string_view key;
  std::variant<std::string, std::int64_t> value;  ///< a number stays one in JSON
};

enum class LogStyle {
  kJson,
  kText,       ///< in colour on a terminal
  kPlainText,  ///< never in colour
};

/// Call once, before the first thread starts.
void configure_log(LogLevel level, LogStyle style);

/// From now on a thread of its own writes: log() waits for nobody, and what cannot be written in
/// time is lost and counted. Call once, after configure_log, before threads log.
void start_log_writer();

/// Waits until everything is written; gives up when nobody has read for a second. To be called
/// before something else is written to standard error, and before the process ends.
void flush_log();

/// Lines that were lost since the start.
std::uint64_t lost_log_lines();

/// Writes one line. Values are made printable; secrets have a type that does not convert to a
/// value, and what is one all the same, in whatever spelling, is not shown.
void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields = {});

}  // namespace sessync::os
