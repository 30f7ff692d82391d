#include <array>
#include <cstdio>

#include <openssl/evp.h>

#include "tests/double/model/model_types.h"

namespace sessync::model {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[digest.at(i) >> 4U];
    hex += kDigits[digest.at(i) & 15U];
  }
  return hex;
}

Content Content::of(std::string text) {
  Content content;
  content.sha256 = sha256_hex(text);
  content.size = text.size();
  content.bytes = std::make_shared<const std::string>(std::move(text));
  return content;
}

std::string to_text(ports::TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::optional<ports::TimePoint> to_time(std::string_view text) {
  const std::string copy(text);
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hours = 0;
  int minutes = 0;
  double seconds = 0;
  char zone = 0;
  const int fields = std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2d:%2d:%lf%c", &year, &month, &day,
                                 &hours, &minutes, &seconds, &zone);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (fields != 7 || zone != 'Z' || !date.ok()) {
    return std::nullopt;
  }
  return ports::TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(hours) +
         std::chrono::minutes(minutes) +
         std::chrono::round<ports::Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace sessync::model
