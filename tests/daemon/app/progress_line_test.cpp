#include "daemon/app/progress_line.h"

#include <catch2/catch.hpp>

using sessync::app::progress_line;
using sessync::ports::Duration;

TEST_CASE("files alone while no byte has to be sent") {
  CHECK(progress_line({3, 7, 0, 0, Duration{0}}, 80) == "3 of 7 files");
}

TEST_CASE("the rate and the rest once bytes have moved") {
  CHECK(progress_line({0, 2, 0, 4'500'000, Duration{0}}, 80) == "0 of 2 files, 0.0 of 4.5 MB");
  CHECK(progress_line({1, 2, 1'500'000, 4'500'000, Duration{1'000}}, 80) ==
        "1 of 2 files, 1.5 of 4.5 MB, 1.5 MB/s, 2 s left");
  CHECK(progress_line({1, 2, 1'000, 361'000, Duration{1'000}}, 80) ==
        "1 of 2 files, 1.0 of 361.0 kB, 1.0 kB/s, 6 min 0 s left");
  CHECK(progress_line({0, 1, 1'000'000, 9'000'000'000, Duration{1'000}}, 80) ==
        "0 of 1 files, 0.0 of 9.0 GB, 1.0 MB/s, 2 h 29 min left");
}

TEST_CASE("bytes sent again show no more than there is") {
  CHECK(progress_line({1, 2, 9'000, 4'000, Duration{2'000}}, 80) ==
        "1 of 2 files, 4.0 of 4.0 kB, 2.0 kB/s");
}

TEST_CASE("what does not fit is left off, and the last column stays free") {
  const sessync::app::ProgressFigures figures{1, 2, 1'500'000, 4'500'000, Duration{1'000}};
  CHECK(progress_line(figures, 28) == "1 of 2 files, 1.5 of 4.5 MB");
  CHECK(progress_line(figures, 27) == "1 of 2 files");
  CHECK(progress_line(figures, 12).empty());
}
