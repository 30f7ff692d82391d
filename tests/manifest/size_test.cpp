#include "manifest/text/size.h"

#include <catch2/catch.hpp>

namespace sessync::test {

TEST_CASE("A size is a whole number and a unit of ten or of two") {
  CHECK(manifest::parse_size("1KB") == 1'000U);
  CHECK(manifest::parse_size("500MB") == 500'000'000U);
  CHECK(manifest::parse_size("2GB") == 2'000'000'000U);
  CHECK(manifest::parse_size("1KiB") == 1'024U);
  CHECK(manifest::parse_size("3MiB") == 3U * 1'048'576U);
  CHECK(manifest::parse_size("999999999GiB") == 999'999'999ULL * 1'073'741'824ULL);
  for (const auto* text : {"", "MB", "5", "5 MB", "5mb", "5TB", "5B", "1.5GB", "-1MB", "+1MB",
                           "1000000000MB", "5MB ", "0x5MB"}) {
    CHECK_FALSE(manifest::parse_size(text));
  }
}

TEST_CASE("A size is written as it is read") {
  for (const auto* text : {"1KB", "500MB", "2GB", "1KiB", "3MiB", "7GiB", "1025KiB"}) {
    CHECK(manifest::format_size(manifest::parse_size(text).value()) == text);
  }
  CHECK(manifest::format_size(0) == "0 bytes");
  CHECK(manifest::format_size(12'345) == "12345 bytes");
}

}  // namespace sessync::test
