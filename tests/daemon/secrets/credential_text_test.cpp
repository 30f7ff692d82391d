#include "daemon/secrets/credential_text.h"

#include <catch2/catch.hpp>

using namespace sessync;

TEST_CASE("a credential is what is left without a byte order mark and white space at both ends") {
  for (const std::string text : {"sk-1", "sk-1\n", "\n\nsk-1", " \t sk-1\v\f\r\n",
                                 "\xEF\xBB\xBFsk-1", "\xEF\xBB\xBF \r\nsk-1\n\n"}) {
    CAPTURE(text);
    REQUIRE(secrets::credential_of_text(text));
    CHECK(secrets::credential_of_text(text)->reveal() == "sk-1");
  }
}

TEST_CASE("what is no credential is refused in words that repeat nothing of it") {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"", "is empty"},
      {" \r\n\t", "is empty"},
      {"\xEF\xBB\xBF", "is empty"},
      {"one\ntwo", "more than one line"},
      {"one\rtwo", "more than one line"},
      {"one two", "has blanks"},
      {std::string("one\0two", 7), "control characters"},
      {"\xFF\xFEo\0n\0", "not ASCII"},
      {"\xC2\xA0one", "not ASCII"},
      {"one\x7F", "control characters"},
      {std::string(4097, 'x'), "is longer than any there is (4096 bytes)"}};
  for (const auto& [text, words] : table) {
    const auto credential = secrets::credential_of_text(text);
    REQUIRE_FALSE(credential);
    CHECK(credential.error().find(words) != std::string::npos);
    CHECK(credential.error().find("two") == std::string::npos);
  }
  CHECK(secrets::credential_of_text(std::string(4096, 'x') + "\n"));
  CHECK(secrets::credential_of_text(std::string(5000, 'x'), 5000));
}

TEST_CASE("a key of the Anthropic API is no token of a repository") {
  const auto refused = secrets::repository_token_of_text("sk-ant-api03-never-shown\n");
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == "is an Anthropic API key, which opens no repository");
  CHECK_FALSE(secrets::repository_token_of_text("\"sk-ant-api03-x\""));
  CHECK_FALSE(secrets::repository_token_of_text("x-access-token:SK-ANT-x"));
  CHECK(secrets::repository_token_of_text("ghp_1\n")->reveal() == "ghp_1");
}
