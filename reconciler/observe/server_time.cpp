#include "reconciler/observe/server_time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

namespace sessync::observe {
namespace {

/// Takes the text apart from its front; once something does not fit, nothing fits any more.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int number(std::size_t digits, int least, int most) {
    int value = 0;
    const auto field = rest_.substr(0, digits);
    const bool all_digits = field.find_first_not_of("0123456789") == std::string_view::npos;
    std::from_chars(field.data(), field.data() + field.size(), value);
    ok_ = ok_ && field.size() == digits && all_digits && value >= least && value <= most;
    rest_.remove_prefix(field.size());
    return value;
  }

  void expect(std::string_view one_of) {
    ok_ = ok_ && next_is(one_of);
    if (!rest_.empty()) rest_.remove_prefix(1);
  }

  void expect_text(std::string_view text) {
    ok_ = ok_ && rest_.starts_with(text);
    rest_.remove_prefix(std::min(text.size(), rest_.size()));
  }

  /// The position among `names`, all of three letters, counted from one.
  template <std::size_t kCount>
  unsigned name(const std::array<std::string_view, kCount>& names) {
    const auto found = std::ranges::find(names, rest_.substr(0, 3));
    ok_ = ok_ && found != names.end();
    rest_.remove_prefix(std::min<std::size_t>(3, rest_.size()));
    return static_cast<unsigned>(found - names.begin()) + 1;
  }

  std::chrono::seconds time_of_day() {
    const std::chrono::hours hours(number(2, 0, 23));
    expect(":");
    const std::chrono::minutes minutes(number(2, 0, 59));
    expect(":");
    return hours + minutes + std::chrono::seconds(number(2, 0, 60));
  }

  [[nodiscard]] bool next_is(std::string_view one_of) const {
    return !rest_.empty() && one_of.find(rest_.front()) != std::string_view::npos;
  }

  std::chrono::microseconds fraction() {
    constexpr int kDigits = 6;
    if (!next_is(".")) return {};
    expect(".");
    int value = 0;
    int digits = 0;
    for (; next_is("0123456789"); rest_.remove_prefix(1), ++digits) {
      if (digits < kDigits) value = value * 10 + (rest_.front() - '0');
    }
    ok_ = ok_ && digits > 0;
    for (; digits < kDigits; ++digits) value *= 10;
    return std::chrono::microseconds(value);
  }

  std::chrono::minutes offset() {
    if (next_is("Zz")) {
      expect("Zz");
      return {};
    }
    const int sign = next_is("-") ? -1 : 1;
    expect("+-");
    const int hours = number(2, 0, 23);
    expect(":");
    return std::chrono::minutes(sign * (hours * 60 + number(2, 0, 59)));
  }

  [[nodiscard]] bool at_end() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string padded(std::int64_t number, std::size_t digits) {
  auto text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr double kLastSecond = 253402300799;  // of the year 9999
constexpr std::size_t kDateAndTime = std::string_view("2026-11-21T17:31:43").size();

}  // namespace

std::optional<ServerTime> parse_rfc3339(std::string_view text) {
  namespace chrono = std::chrono;
  Cursor in(text);
  const chrono::year year(in.number(4, 0, 9999));
  in.expect("-");
  const chrono::month month(static_cast<unsigned>(in.number(2, 1, 12)));
  in.expect("-");
  const chrono::day day(static_cast<unsigned>(in.number(2, 1, 31)));
  in.expect("Tt ");
  const auto time = in.time_of_day();
  const auto fraction = in.fraction();
  const auto offset = in.offset();
  const chrono::year_month_day date{year, month, day};
  if (!in.at_end() || !date.ok()) return std::nullopt;
  return ServerTime(chrono::sys_days(date)) + time + fraction - offset;
}

std::optional<ServerTime> parse_server_time(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? time : parse_rfc3339(std::string(text) + "Z");
}

std::optional<ServerTime> parse_http_date(std::string_view text) {
  namespace chrono = std::chrono;
  Cursor in(text);
  in.name(kDays);
  in.expect_text(", ");
  const chrono::day day(static_cast<unsigned>(in.number(2, 1, 31)));
  in.expect(" ");
  const chrono::month month(in.name(kMonths));
  in.expect(" ");
  const chrono::year year(in.number(4, 0, 9999));
  in.expect(" ");
  const auto time = in.time_of_day();
  in.expect_text(" GMT");
  const chrono::year_month_day date{year, month, day};
  if (!in.at_end() || !date.ok()) return std::nullopt;
  return ServerTime(chrono::sys_days(date)) + time;
}

std::optional<ports::TimePoint> from_unix_seconds(double seconds) {
  const bool is_one = seconds > 0 && seconds <= kLastSecond;
  return is_one ? std::optional(ports::TimePoint(ports::Duration(std::llround(seconds * 1000))))
                : std::nullopt;
}

std::string timestamp(ports::TimePoint at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  return padded(static_cast<int>(date.year()), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + "T" + padded(time.hours().count(), 2) +
         ":" + padded(time.minutes().count(), 2) + ":" + padded(time.seconds().count(), 2) + "." +
         padded(time.subseconds().count(), 3) + "Z";
}

std::string timestamp_in_seconds(ports::TimePoint at) {
  return timestamp(at).substr(0, kDateAndTime) + "Z";
}

}  // namespace sessync::observe
