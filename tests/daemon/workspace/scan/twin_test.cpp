#include "daemon/workspace/scan/twin.h"

#include <catch2/catch.hpp>

#include "daemon/workspace/scan/decomposition.h"
#include "tests/daemon/workspace/scan/scan_fixture.h"

namespace sessync::test {
namespace {

bool look_alike(const std::string& one, const std::string& other) {
  return workspace::decomposed(one) == workspace::decomposed(other);
}

}  // namespace

TEST_CASE("Texts that look alike are taken apart into the same characters") {
  CHECK(look_alike("caf\u00e9", "cafe\u0301"));
  CHECK(look_alike("\u1ec7", "e\u0323\u0302"));  // in two steps
  CHECK(look_alike("\u0439", "\u0438\u0306"));
  CHECK(look_alike("\u304c", "\u304b\u3099"));
  CHECK(look_alike("\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af"));
  CHECK(look_alike("\uac00", "\u1100\u1161"));
  CHECK_FALSE(look_alike("caf\u00e9", "caf\u00fc"));
  CHECK_FALSE(look_alike("cafe", "caf\u00e9"));
  CHECK_FALSE(look_alike("\u00c5", "A"));
  CHECK(workspace::decomposed("\xff") == std::nullopt);
  CHECK((workspace::decomposed("plain") == U"plain"));
  CHECK(workspace::spelled("caf\u00e9\n") == "caf\\u00E9\\x0a");
  CHECK(workspace::spelled("\U0001F680") == "\\U0001F680");
}

TEST_CASE("A source that is there in another spelling of the same letters is named") {
  Workspace ws;
  ws.tree.write("caf\u00e9/re\u0301sume\u0301.txt", "a");
  const auto file = ws.unavailable(file_source("caf\u00e9/r\u00e9sum\u00e9.txt"));
  CHECK(file.message.find("(re\\u0301sume\\u0301.txt, not r\\u00E9sum\\u00E9.txt)") !=
        std::string::npos);
  const auto directory = ws.unavailable(directory_source("cafe\u0301"));
  CHECK(directory.message.find("(caf\\u00E9, not cafe\\u0301)") != std::string::npos);
  CHECK(ws.unavailable(file_source("cafe")).message.find("looks the same") == std::string::npos);
  CHECK(ws.unavailable(file_source("a/b")).message.find("looks the same") == std::string::npos);
}

}  // namespace sessync::test
