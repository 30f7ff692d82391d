#include "reconciler/server_time.h"

#include <algorithm>

namespace sessync {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a text from its front; once something is missing it has failed for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  unsigned number(std::size_t digits) {
    unsigned value = 0;
    failed_ |= rest_.size() < digits;
    for (std::size_t i = 0; !failed_ && i < digits; ++i) {
      failed_ = !is_digit(rest_[i]);
      value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    rest_.remove_prefix(failed_ ? 0 : digits);
    return failed_ ? 0 : value;
  }

  void expect(char c) {
    failed_ |= rest_.empty() || rest_.front() != c;
    rest_.remove_prefix(failed_ ? 0 : 1);
  }

  std::chrono::microseconds fraction() {
    if (failed_ || rest_.empty() || rest_.front() != '.') {
      return {};
    }
    rest_.remove_prefix(1);
    const auto end = std::ranges::find_if_not(rest_, is_digit);
    const auto count = static_cast<std::size_t>(end - rest_.begin());
    failed_ |= count == 0;
    unsigned value = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      value = value * 10 + (i < count ? static_cast<unsigned>(rest_[i] - '0') : 0U);
    }
    rest_.remove_prefix(count);
    return std::chrono::microseconds(value);
  }

  [[nodiscard]] bool finished() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::optional<ServerTime> parse_server_time(std::string_view text) {
  Reader in(text);
  const auto year = static_cast<int>(in.number(4));
  in.expect('-');
  const auto month = in.number(2);
  in.expect('-');
  const auto day = in.number(2);
  in.expect('T');
  const auto hour = in.number(2);
  in.expect(':');
  const auto minute = in.number(2);
  in.expect(':');
  const auto second = in.number(2);
  const auto fraction = in.fraction();
  in.expect('Z');
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!in.finished() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  return ServerTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + fraction;
}

}  // namespace sessync
