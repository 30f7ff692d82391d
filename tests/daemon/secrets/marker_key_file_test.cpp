#include "daemon/secrets/marker_key_file.h"

#include <string>

#include <catch2/catch.hpp>

#include "daemon/os/live_secrets.h"
#include "tests/daemon/os/temp_tree.h"

namespace sessync {
namespace {

const std::string kOne = "0123456789abcdef0123456789abcdef";
const std::string kTwo = "fedcba9876543210fedcba9876543210+/=";

}  // namespace

TEST_CASE("a marker key makes the HMAC-SHA-256 that everybody makes of it") {
  const test::TempTree dir;
  dir.write("keys", "# newest first\n\n  " + kTwo + "\r\n" + kOne);
  const auto keys = secrets::read_marker_keys(dir.path() + "/keys");
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  // printf 'sessync marker 1\nprod\nabc' | openssl dgst -sha256 -hmac "$KEY"
  CHECK(keys->back()->mac("sessync marker 1\nprod\nabc") ==
        "c551acc915428b7e5d361295552f105c70e81fd1c9c485871c199e78ee791151");
  CHECK(keys->front()->mac("a") != keys->back()->mac("a"));
  CHECK(keys->front()->mac("a") == keys->front()->mac("a"));
  CHECK(os::live_secrets().redacted("it is " + kOne) == "it is [redacted]");
}

TEST_CASE("a file that is no list of marker keys is refused, and nothing of it is shown") {
  const test::TempTree dir;
  const auto refusal = [&](const std::string& text) {
    dir.write("keys", text);
    const auto keys = secrets::read_marker_keys(dir.path() + "/keys");
    REQUIRE_FALSE(keys);
    CHECK(keys.error().find(text.substr(0, 12)) == std::string::npos);
    return keys.error();
  };
  CHECK(refusal("# only a comment\n").find("no line is a key") != std::string::npos);
  CHECK(refusal("a-short-key-of-somebody").find("line 1 has fewer than 32") != std::string::npos);
  CHECK(refusal(kOne.substr(0, 20) + " " + kOne).find("line 1 has blanks") != std::string::npos);
  CHECK_FALSE(secrets::read_marker_keys(dir.path() + "/nowhere"));
}

}  // namespace sessync
