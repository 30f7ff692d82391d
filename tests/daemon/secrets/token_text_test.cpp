#include "daemon/secrets/token_text.h"

#include <catch2/catch.hpp>

#include "daemon/secrets/rfc3339.h"
#include "tests/daemon/secrets/token_fixture.h"

namespace sessync::test {
namespace {

TEST_CASE("what others say is one printable line in which tokens are masked") {
  CHECK(safe_excerpt("line one\n\tline \x1b[31mtwo\n", 100) == "line one line [31mtwo");
  CHECK(safe_excerpt("using token " + kCanary + "!", 100) == "using token [redacted]!");
  CHECK(safe_excerpt("token=" + kCanary, 100) == "token=[redacted]");
  CHECK(safe_excerpt("cannot open /etc/mint/config.yaml: Permission denied", 100) ==
        "cannot open /etc/mint/config.yaml: Permission denied");
  for (const auto& one : disguises(kCanary)) {
    CHECK(shows_nothing_of(kCanary, safe_excerpt("it was " + one + ".", 200)));
  }
}

TEST_CASE("a token at the cut of an excerpt is masked whole") {
  const std::string text = std::string(40, '.') + kCanary;
  for (std::size_t most = 30; most < text.size(); ++most) {
    CHECK(safe_excerpt(text, most).find("ghs_") == std::string::npos);
  }
}

TEST_CASE("times as RFC 3339 has them") {
  const auto at = [](const char* text) {
    const auto time = parse_rfc3339(text);
    return time ? time->time_since_epoch().count() : -1;
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

TEST_CASE("what is no such time is none") {
  for (const char* const text :
       {"", "now", "2016-07-11", "2016-07-11T22:14:10", "2016-7-11T22:14:10Z",
        "2016-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2016-07-11T24:00:00Z",
        "2016-07-11T22:60:00Z", "2016-07-11T22:14:10.Z", "2016-07-11T22:14:10Zx",
        "2016-07-11T22:14:10+2:00", "2016-07-11T22:14:10+02", "2016-07-11T22:14:1", "-016-07-11",
        "2016-07-11T22:14:+1Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
}

}  // namespace
}  // namespace sessync::test
