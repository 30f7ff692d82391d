#include "reconciler/observe/server_time.h"

#include <catch2/catch.hpp>

namespace sessync {
namespace {

TEST_CASE("times as RFC 3339 has them") {
  const auto at = [](const char* text) {
    const auto time = parse_server_time(text);
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
  CHECK(parse_server_time("2016-07-11T22:14:10.5") == parse_rfc3339("2016-07-11T22:14:10.5Z"));
  CHECK_FALSE(parse_rfc3339("2016-07-11T22:14:10.5"));
}

TEST_CASE("times are read to the microsecond") {
  using std::chrono::microseconds;
  CHECK(parse_server_time("2026-11-20T12:34:56.7Z") ==
        ServerTime(microseconds(1'795'178'096'700'000)));
  CHECK(parse_server_time("2026-11-20T12:34:56.1234567Z") ==
        ServerTime(microseconds(1'795'178'096'123'456)));
}

TEST_CASE("what is no such time is none") {
  for (const char* const text :
       {"", "now", "2016-07-11", "2016-7-11T22:14:10Z", "2016-13-01T00:00:00Z",
        "2023-02-29T00:00:00Z", "2016-07-11T24:00:00Z", "2016-07-11T22:60:00Z",
        "2016-07-11T22:14:10.Z", "2016-07-11T22:14:10Zx", "2016-07-11T22:14:10+2:00",
        "2016-07-11T22:14:10+02", "2016-07-11T22:14:1", "-016-07-11", "2016-07-11T22:14:+1Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_server_time(text));
  }
}

}  // namespace
}  // namespace sessync
