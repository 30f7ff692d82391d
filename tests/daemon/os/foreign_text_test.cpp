#include "daemon/os/foreign_text.h"

#include <vector>

#include <catch2/catch.hpp>

#include "daemon/os/live_secrets.h"
#include "daemon/os/url_credentials.h"

using namespace sessync;
using Life = os::LiveSecrets::Life;

namespace {

/// What is shown of a text once `secret` is known.
std::string shown(const std::string& secret, const std::string& text) {
  os::LiveSecrets secrets;
  secrets.add(ports::Secret(secret), Life::kUse);
  return secrets.redacted(text);
}

}  // namespace

TEST_CASE("a secret is recognised in every spelling") {
  const std::string secret = R"(pa/s"s+w\o%rd=)";
  for (const std::string text : {R"(pa/s"s+w\o%rd=)",                 // as it is
                                 R"(pa%2Fs%22s%2Bw%5Co%25rd%3D)",     // percent-encoded
                                 R"(pa%2fs%22s+w%5co%25rd=)",         // some of it
                                 R"(pa\/s\"s+w\\o%rd=)",              // JSON
                                 R"(pa/s\u0022s\u002bw\u005Co%rd=)",  // JSON, otherwise
                                 "cGEvcyJzK3dcbyVyZD"}) {             // base64 without its padding
    CHECK(shown(secret, "a " + text + " b") == "a [redacted] b");
    CHECK(shown(secret, text + text) == "[redacted][redacted]");
  }
}

TEST_CASE("a secret is recognised whose own text looks escaped") {
  const std::string secret = R"(a\u0041%25\\z)";
  for (const std::string text : {R"(a\u0041%25\\z)",                  // as it is
                                 R"(a\\u0041%25\\\\z)",               // JSON
                                 R"(a%5Cu0041%2525%5C%5Cz)",          // percent-encoded
                                 R"(a\u005cu0041\u002525%5C\\z)"}) {  // some of each
    CHECK(shown(secret, "x " + text + " y") == "x [redacted] y");
  }
  CHECK(shown(std::string(200, '\\'), std::string(400, '\\')) == "[redacted]");
}

TEST_CASE("a secret is recognised inside of base64, wherever it stands there") {
  const std::string secret = "hunter2-and-more";
  // user:, us:er:, me: before it
  for (const std::string text : {"dXNlcjpodW50ZXIyLWFuZC1tb3Jl", "dXM6ZXI6aHVudGVyMi1hbmQtbW9yZQ==",
                                 "bWU6aHVudGVyMi1hbmQtbW9yZTo6"}) {
    const auto result = shown(secret, "Basic " + text);
    CAPTURE(result);
    CHECK(result.find("[redacted]") != std::string::npos);
    CHECK(result.size() < 30);
  }
  // In both alphabets.
  CHECK(shown("x>x>x?x?x", "eD54Png/eD94") == "[redacted]");
  CHECK(shown("x>x>x?x?x", "eD54Png_eD94") == "[redacted]");
  CHECK(shown("k?k>o~o?k", "az9rPm9-bz9r") == "[redacted]");
}

TEST_CASE("what a text of others ends in is not looked beyond") {
  for (const char last : {'\xC2', '\xE2', '\xF0', '\x9F'}) {
    const std::string text = std::string("name") + last;
    // Exactly as long as its text: what lies behind it is nobody's.
    const std::vector<char> bytes(text.begin(), text.end());
    CHECK(os::foreign_text({bytes.data(), bytes.size()}) == "name?");
    CHECK(os::foreign_lines({bytes.data(), bytes.size()}) == "name?");
  }
}

TEST_CASE("a text of others turns no line around") {
  CHECK(os::foreign_text("a\u202Eb\u2028c\u0085d") == "a?b?c?d");
}

TEST_CASE("what is no secret stays as it is") {
  CHECK(shown("hunter2", "hunter, hunter 2, %68unter") == "hunter, hunter 2, %68unter");
  CHECK(shown("abc", "abc") == "abc");
  CHECK(shown("", "anything") == "anything");
  CHECK(shown("hunter2", "") == "");
  CHECK(shown("hunter2", "%") == "%");
  CHECK(shown("hunter2", "\\") == "\\");
  CHECK(shown("hunter2", "%zz\\u12") == "%zz\\u12");
}

TEST_CASE("the longest of several secrets is cut out") {
  os::LiveSecrets secrets;
  secrets.add(ports::Secret("user:hunter2"), Life::kProcess);
  secrets.add(ports::Secret("user"), Life::kProcess);
  secrets.add(ports::Secret("hunter2"), Life::kProcess);
  CHECK(secrets.redacted("user:hunter2, user, hunter2") == "[redacted], [redacted], [redacted]");
}

TEST_CASE("secrets that are replaced all the time make way, those of the configuration do not") {
  os::LiveSecrets secrets;
  secrets.add(ports::Secret("of the process"), Life::kProcess);
  secrets.add(ports::Secret("used again"), Life::kUse);
  secrets.add(ports::Secret("used once"), Life::kUse);
  for (std::size_t i = 0; i < os::LiveSecrets::kMost - 1; ++i) {
    secrets.add(ports::Secret("token-" + std::to_string(i)), Life::kUse);
    secrets.add(ports::Secret("used again"), Life::kUse);
  }
  CHECK(secrets.redacted("of the process|used again|used once") ==
        "[redacted]|[redacted]|used once");
  CHECK(secrets.redacted("token-" + std::to_string(os::LiveSecrets::kMost - 2)) == "[redacted]");
}

TEST_CASE("the user and the password of any URL are left out") {
  CHECK(os::foreign_text("to http://me:pw@proxy:3128/ and https://x@y") ==
        "to http://proxy:3128/ and https://y");
  CHECK(os::foreign_text("'http://me:p/w@proxy'") == "'http://proxy'");
  CHECK(os::foreign_text("me@example.org, http://host/a@b") == "me@example.org, http://b");
  CHECK(os::foreign_text("http://host") == "http://host");
  CHECK(os::foreign_text("://") == "://");
}

TEST_CASE("the credentials of a URL are kept secret as written and as sent") {
  os::keep_credentials_secret("http://someone:p%40ss%2Fword@proxy.example:3128");
  for (const auto* text :
       {"someone:p%40ss%2Fword", "p%40ss%2Fword", "p@ss/word", "c29tZW9uZTpwQHNzL3dvcmQ="}) {
    const auto result = os::foreign_text(std::string("<") + text + ">");
    CHECK(result.substr(0, 11) == "<[redacted]");
    CHECK(result.find("ss") == std::string::npos);
  }
  os::keep_credentials_secret("a-token-as-user@proxy");
  CHECK(os::foreign_text("a-token-as-user") == "[redacted]");
  os::keep_credentials_secret("http://proxy.example:3128");
  CHECK(os::foreign_text("proxy.example") == "proxy.example");
}

TEST_CASE("the words of others are one line, cut and harmless") {
  CHECK(os::foreign_text("a\x1b[31m\n\tb\x7f") == "a?[31m  b?");
  CHECK(os::foreign_text("r\xc3\xa9sum\xc3\xa9") == "r\xc3\xa9sum\xc3\xa9");
  CHECK(os::foreign_text("\xff\xc3") == "??");
  CHECK(os::foreign_text("\xc2\x9b"
                         "31m") == "?31m");
  CHECK(os::foreign_text(std::string(1000, 'x')).size() == 300);
  CHECK(os::foreign_text("\xc3\xa9\xc3\xa9", 3) == "\xc3\xa9");
  CHECK(os::foreign_text("") == "");
  CHECK(os::foreign_lines("a\x1b\nb\n\nc") == "a?\nb\n\nc");
}

TEST_CASE("a secret at the cut is redacted whole") {
  os::live_secrets().add(ports::Secret("sk-at-the-cut"), Life::kUse);
  for (std::size_t most = 1; most < 30; ++most) {
    CHECK(os::foreign_text("0123456789 sk-at-the-cut", most).find("sk-") == std::string::npos);
  }
}

TEST_CASE("a secret that was replaced is recognised in every spelling, and so is the new one") {
  const std::string old = R"(ghs_0ld/s"s+w\o%rd=)";
  os::LiveSecrets secrets;
  secrets.replace("file a", ports::Secret(old));
  secrets.replace("file a", ports::Secret("ghs_new/token"));
  for (const std::string text : {R"(ghs_0ld/s"s+w\o%rd=)",                   // as it is
                                 R"(ghs_0ld%2Fs%22s%2Bw%5Co%25rd%3D)",       // percent-encoded
                                 R"(ghs_0ld\/s\"s+w\\o%rd=)",                // JSON
                                 R"(gh\u0073_0ld/s\u0022s+w\u005Co%25rd=)",  // JSON, otherwise
                                 "Z2hzXzBsZC9zInMrd1xvJXJkP"}) {  // base64 without its end
    CHECK(secrets.redacted("a " + text + " b") == "a [redacted] b");
  }
  CHECK(secrets.redacted("ghs_new/token, ghs_0ld/") == "[redacted], ghs_0ld/");
}

TEST_CASE(
    "a secret that is somewhere else as well is not forgotten there, nor one that comes back") {
  os::LiveSecrets secrets;
  secrets.replace("file a", ports::Secret("shared-token"));
  secrets.replace("file b", ports::Secret("shared-token"));
  secrets.replace("file a", ports::Secret("other-token"));
  CHECK(secrets.redacted("shared-token other-token") == "[redacted] [redacted]");
  secrets.replace("file b", ports::Secret("third-token"));
  secrets.add(ports::Secret("shared-token"), Life::kUse);  // somebody still sends it
  CHECK(secrets.redacted("shared-token") == "[redacted]");
  secrets.replace("file a", ports::Secret("shared-token"));
  CHECK(secrets.redacted("shared-token other-token third-token") ==
        "[redacted] [redacted] [redacted]");
}
