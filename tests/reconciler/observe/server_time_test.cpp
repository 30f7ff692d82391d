#include "reconciler/observe/server_time.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace sessync {
namespace {

TEST_CASE("times as RFC 3339 has them") {
  const auto at = [](const char* text) {
    const auto time = observe::parse_server_time(text);
    return time ? std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count()
                : -1;
  };
  CHECK(at("1970-01-01T00:00:00Z") == 0);
  CHECK(at("2016-07-11T22:14:10Z") == 1'468'275'250'000);
  CHECK(at("2016-07-11t22:14:10.5z") == 1'468'275'250'500);
  CHECK(at("2016-07-11 22:14:10.123456789Z") == 1'468'275'250'123);
  CHECK(at("2016-07-12T00:14:10+02:00") == 1'468'275'250'000);
  CHECK(at("2016-07-11T16:44:10-05:30") == 1'468'275'250'000);
  CHECK(at("2024-02-29T00:00:00Z") == 1'709'164'800'000);
  CHECK(at("2016-12-31T23:59:60Z") == 1'483'228'800'000);
}

TEST_CASE("a server's time without an offset is UTC") {
  CHECK(observe::parse_server_time("2016-07-11T22:14:10.5") ==
        observe::parse_rfc3339("2016-07-11T22:14:10.5Z"));
  CHECK_FALSE(observe::parse_rfc3339("2016-07-11T22:14:10.5"));
}

TEST_CASE("times are read to the microsecond") {
  using std::chrono::microseconds;
  CHECK(observe::parse_server_time("2026-11-20T12:34:56.7Z") ==
        observe::ServerTime(microseconds(1'795'178'096'700'000)));
  CHECK(observe::parse_server_time("2026-11-20T12:34:56.1234567Z") ==
        observe::ServerTime(microseconds(1'795'178'096'123'456)));
}

TEST_CASE("what is no such time is none") {
  for (const char* const text :
       {"", "now", "2016-07-11", "2016-7-11T22:14:10Z", "2016-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z", "2016-07-11T24:00:00Z", "2016-07-11T22:60:00Z",
        "2016-07-11T22:14:10.Z", "2016-07-11T22:14:10Zx", "2016-07-11T22:14:10+2:00",
        "2016-07-11T22:14:10+02", "2016-07-11T22:14:1", "-016-07-11", "2016-07-11T22:14:+1Z"}) {
    CAPTURE(text);
    CHECK_FALSE(observe::parse_server_time(text));
  }
}

TEST_CASE("times as HTTP has them") {
  CHECK(observe::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") ==
        observe::parse_rfc3339("1994-11-06T08:49:37Z"));
  CHECK(observe::parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT") ==
        observe::parse_rfc3339("2024-03-01T00:00:00Z"));
  for (const char* const text :
       {"", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0100", "Nov, 06 Sun 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 No", "S"}) {
    CAPTURE(text);
    CHECK_FALSE(observe::parse_http_date(text));
  }
}

TEST_CASE("times in seconds since 1970") {
  CHECK(observe::from_unix_seconds(1'468'275'250.5) ==
        ports::TimePoint(ports::Duration(1'468'275'250'500)));
  CHECK(observe::from_unix_seconds(253'402'300'799.0) ==
        ports::TimePoint(ports::Duration(253'402'300'799'000)));
  for (const double count : {0.0, -1.0, 253'402'300'800.0, 1e300, std::nan("")}) {
    CAPTURE(count);
    CHECK_FALSE(observe::from_unix_seconds(count));
  }
}

TEST_CASE("a time is written in UTC, to the millisecond or cut to the second") {
  const ports::TimePoint at{ports::Duration(1'795'282'303'999)};
  CHECK(observe::timestamp(at) == "2026-11-21T17:31:43.999Z");
  CHECK(observe::timestamp_in_seconds(at) == "2026-11-21T17:31:43Z");
}

}  // namespace
}  // namespace sessync
