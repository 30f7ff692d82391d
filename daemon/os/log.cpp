#include "daemon/os/log.h"

#include <atomic>
#include <memory>
#include <system_error>

#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "daemon/os/foreign_text.h"
#include "daemon/os/log_writer.h"
#include "manifest/text/utf8.h"

namespace sessync::os {
namespace {

bool g_json = false;
bool g_colours = false;
/// Never destroyed: threads may log until the process is gone.
std::atomic<LogWriter*> g_writer{nullptr};

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
  line["msg"] = without_secrets(message);
  for (const auto& field : fields) {
    auto& place = line[std::string(field.key)];
    const auto* number = std::get_if<std::int64_t>(&field.value);
    if (number != nullptr) {
      place = *number;
    } else {
      place = without_secrets(std::get<std::string>(field.value));
    }
  }
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(1);
}

/// As it is where nobody can mistake its end; else in quotes.
std::string quoted_if_needed(std::string text) {
  if (!text.empty() && text.find_first_of(" \"=") == text.npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + '"';
}

std::string to_text(const LogField& field) {
  const auto* number = std::get_if<std::int64_t>(&field.value);
  return number != nullptr ? std::to_string(*number)
                           : quoted_if_needed(manifest::printable(
                                 without_secrets(std::get<std::string>(field.value))));
}

std::string text_line(std::string_view message, const std::vector<LogField>& fields) {
  auto line = manifest::printable(without_secrets(message));
  for (const auto& field : fields) {
    line += "  " + std::string(field.key) + "=" + to_text(field);
  }
  return line;
}

std::string_view colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "\033[36m";
    case spdlog::level::info:
      return "\033[32m";
    case spdlog::level::warn:
      return "\033[33m\033[1m";
    default:
      return "\033[31m\033[1m";
  }
}

/// Hands whole lines to the writer.
class WriterSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit WriterSink(LogWriter& writer) : writer_(writer) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    message.color_range_start = message.color_range_end = 0;
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    std::string line(formatted.data(), formatted.size());
    if (g_colours && message.color_range_end > message.color_range_start) {
      line.insert(message.color_range_end, "\033[m");
      line.insert(message.color_range_start, colour_of(message.level));
    }
    writer_.write(std::move(line));
  }
  void flush_() override {}

 private:
  LogWriter& writer_;
};

constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)";
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";

std::unique_ptr<spdlog::formatter> line_formatter() {
  return std::make_unique<spdlog::pattern_formatter>(g_json ? kJsonPattern : kTextPattern,
                                                     spdlog::pattern_time_type::utc);
}

std::string rendered(std::string_view message, const std::vector<LogField>& fields) {
  return g_json ? json_tail(message, fields) : text_line(message, fields);
}

std::string lost_line(std::uint64_t lost) {
  const auto text = rendered("lines of the log were lost: nobody read standard error for a while",
                             {{"lost", lost}});
  const spdlog::details::log_msg message("sessync", spdlog::level::warn, text);
  spdlog::memory_buf_t formatted;
  line_formatter()->format(message, formatted);
  return {formatted.data(), formatted.size()};
}

void use_sink(std::shared_ptr<spdlog::sinks::sink> sink, spdlog::level::level_enum level) {
  auto logger = std::make_shared<spdlog::logger>("sessync", std::move(sink));
  logger->set_level(level);
  logger->set_formatter(line_formatter());
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

void configure_log(LogLevel level, LogStyle style) {
  g_json = style == LogStyle::kJson;
  const auto colours =
      style == LogStyle::kText ? spdlog::color_mode::automatic : spdlog::color_mode::never;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colours);
  g_colours = sink->should_color();
  use_sink(std::move(sink), to_spdlog(level));
}

void start_log_writer() {
  std::unique_ptr<LogWriter> writer;
  try {
    writer = std::make_unique<LogWriter>(STDERR_FILENO, LogWriter::Options{.lost_line = lost_line});
  } catch (const std::system_error&) {
    return;  // whoever wants the next thread says so
  }
  use_sink(std::make_shared<WriterSink>(*writer), spdlog::default_logger_raw()->level());
  g_writer = writer.release();
}

void flush_log() {
  if (auto* const writer = g_writer.load()) {
    static_cast<void>(writer->flush(std::chrono::seconds(1)));
  }
}

std::uint64_t lost_log_lines() {
  const auto* const writer = g_writer.load();
  return writer == nullptr ? 0 : writer->lost();
}

void log(LogLevel level, std::string_view message, const std::vector<LogField>& fields) {
  auto* logger = spdlog::default_logger_raw();
  if (logger == nullptr || !logger->should_log(to_spdlog(level))) {
    return;
  }
  logger->log(to_spdlog(level), "{}", rendered(message, fields));
}

}  // namespace sessync::os
