#include "daemon/log/log.h"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "manifest/utf8.h"

namespace sessync {
namespace {

bool g_json = false;

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

/// The fields of a JSON line behind time and level, without the closing brace. In ASCII, because
/// terminals obey characters beyond it.
std::string json_tail(std::string_view message, const std::vector<LogField>& fields) {
  nlohmann::ordered_json line;
  line["msg"] = message;
  for (const auto& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
  }
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(1);
}

std::string to_text(const LogField& field) {
  const auto* number = std::get_if<std::int64_t>(&field.value);
  return number != nullptr ? std::to_string(*number)
                           : printable(std::get<std::string>(field.value));
}

std::string text_line(std::string_view message, const std::vector<LogField>& fields) {
  auto line = printable(message);
  for (const auto& field : fields) {
    line += "  " + std::string(field.key) + "=" + to_text(field);
  }
  return line;
}

}  // namespace

void configure_log(LogLevel level, LogStyle style) {
  g_json = style == LogStyle::kJson;
  const auto colours =
      style == LogStyle::kText ? spdlog::color_mode::automatic : spdlog::color_mode::never;
  auto logger = std::make_shared<spdlog::logger>(
      "sessync", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colours));
  logger->set_level(to_spdlog(level));
  logger->set_pattern(g_json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)"
                             : "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v",
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  auto* logger = spdlog::default_logger_raw();
  if (logger == nullptr || !logger->should_log(to_spdlog(level))) {
    return;
  }
  logger->log(to_spdlog(level), "{}",
              g_json ? json_tail(message, fields) : text_line(message, fields));
}

}  // namespace sessync
