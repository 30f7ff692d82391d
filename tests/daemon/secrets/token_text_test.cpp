#include "daemon/secrets/token_text.h"

#include <catch2/catch.hpp>

#include "tests/daemon/secrets/token_fixture.h"

namespace sessync::test {
namespace {

TEST_CASE("what others say is one printable line in which tokens are masked") {
  CHECK(secrets::safe_excerpt("line one\n\tline \x1b[31mtwo\n", 100) == "line one line [31mtwo");
  CHECK(secrets::safe_excerpt("using token " + kCanary + "!", 100) == "using token [redacted]!");
  CHECK(secrets::safe_excerpt("token=" + kCanary, 100) == "token=[redacted]");
  CHECK(secrets::safe_excerpt("cannot open /etc/mint/config.yaml: Permission denied", 100) ==
        "cannot open /etc/mint/config.yaml: Permission denied");
  for (const auto& one : disguises(kCanary)) {
    CHECK(shows_nothing_of(kCanary, secrets::safe_excerpt("it was " + one + ".", 200)));
  }
}

TEST_CASE("a token at the cut of an excerpt is masked whole") {
  const std::string text = std::string(40, '.') + kCanary;
  for (std::size_t most = 30; most < text.size(); ++most) {
    CHECK(secrets::safe_excerpt(text, most).find("ghs_") == std::string::npos);
  }
}

}  // namespace
}  // namespace sessync::test
