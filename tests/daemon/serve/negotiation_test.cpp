#include "daemon/serve/negotiation.h"

#include <catch2/catch.hpp>

namespace sessync {

TEST_CASE("gzip goes to whoever takes it, and to nobody else") {
  for (const auto* takes : {"gzip", "GZIP", "br, gzip", "gzip;q=1", "gzip ; q = 0.5",
                            "deflate,gzip;q=0.001", "*", "identity;q=0, *;q=0.1"}) {
    CAPTURE(takes);
    CHECK(serve::accepts_gzip(takes));
  }
  for (const auto* refuses : {"", "br", "gzip;q=0", "gzip; q=0", "gzip;q=0.000", "notgzip",
                              "gzip;q=abc", "gzip;x=1", "*;q=0", "gzip;q=0, *"}) {
    CAPTURE(refuses);
    CHECK_FALSE(serve::accepts_gzip(refuses));
  }
}

TEST_CASE("a tag is named whole, weak or strong") {
  for (const auto* names : {R"(W/"a-1")", R"("a-1")", R"("x", W/"a-1")", R"(  "a-1" ,"x")", "*"}) {
    CAPTURE(names);
    CHECK(serve::names_tag(names, R"(W/"a-1")"));
  }
  for (const auto* others : {"", R"(zW/"a-1")", R"("y,W/"a-1"")", R"("a-12")", "a-1", R"("x")"}) {
    CAPTURE(others);
    CHECK_FALSE(serve::names_tag(others, R"(W/"a-1")"));
  }
}

}  // namespace sessync
