#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "reconciler/ports/api_error.h"

/// Every form in which times come in and go out. Nothing here depends on a locale or a time zone.
/// Pure functions, any thread.
namespace sessync::observe {

/// An instant as a server writes it, to the microsecond. By the server's clock: only to be compared
/// with other times of that server, never with TimePoint of this machine.
using ServerTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// The instant that RFC 3339 text names ("2026-01-31T23:59:59Z", with an offset in the place of the
/// Z, with any number of fraction digits, of which the first six count); nothing if it is anything
/// else.
std::optional<ServerTime> parse_rfc3339(std::string_view text);

/// As above; a time that says nothing of an offset, as some servers write it, is UTC.
std::optional<ServerTime> parse_server_time(std::string_view text);

/// The instant that an HTTP date names ("Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110's IMF-fixdate);
/// nothing if it is anything else, one of HTTP's two obsolete forms too. What day of the week it
/// was is not checked.
std::optional<ServerTime> parse_http_date(std::string_view text);

/// The instant so many seconds after the beginning of 1970, rounded to the millisecond; nothing for
/// what is not positive or lies after the year 9999.
std::optional<ports::TimePoint> from_unix_seconds(double seconds);

/// For output and for the state: 2026-11-21T17:31:43.250Z, always UTC, always milliseconds, so that
/// texts sort as times do.
std::string timestamp(ports::TimePoint at);

/// For people: 2026-11-21T17:31:43Z, cut to the second.
std::string timestamp_in_seconds(ports::TimePoint at);

}  // namespace sessync::observe
