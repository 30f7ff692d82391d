#include <catch2/catch.hpp>

#include "daemon/http/client/base_url.h"
#include "daemon/http/client/header.h"

using namespace sessync;

TEST_CASE("base URLs that are safe are accepted, without trailing slashes") {
  for (const auto& [given, expected] : std::vector<std::pair<std::string, std::string>>{
           {"https://api.anthropic.com", "https://api.anthropic.com"},
           {"https://api.anthropic.com//", "https://api.anthropic.com"},
           {"HTTPS://gateway.example:8443/anthropic/", "https://gateway.example:8443/anthropic"},
           {"http://localhost:8080", "http://localhost:8080"},
           {"http://127.0.0.1:1/x", "http://127.0.0.1:1/x"},
           {"http://127.9.8.7", "http://127.9.8.7"},
           {"http://[::1]:8080/", "http://[::1]:8080"},
           {"https://[2001:db8::1]/", "https://[2001:db8::1]"}}) {
    INFO(given);
    const auto url = http::parse_base_url(given);
    REQUIRE(url);
    CHECK(*url == expected);
  }
}

TEST_CASE("base URLs that would leak the key or mean something else are refused") {
  for (const char* const url : {"",
                                "api.anthropic.com",
                                "ftp://host",
                                "https://",
                                "https:///v1",
                                "http://api.anthropic.com",
                                "http://localhost.evil.example",
                                "http://127.0.0.1.evil.example",
                                "http://127.1",
                                "http://127.0.0.256",
                                "http://127.0.0.0001",
                                "http://127..0.1",
                                "http://0.0.0.0",
                                "http://[::1",
                                "http://[::1]x",
                                "http://127.0.0.1@evil.example",
                                "https://me:pw@host",
                                "https://host/?a=b",
                                "https://host/#f",
                                "https://host\\evil",
                                "https://ho st",
                                "https://host\n",
                                "https://host:port",
                                "https://host:99999",
                                "https://host:",
                                "https://a:b:c",
                                "http://127.0.0.1:80@evil.example/",
                                "file:///etc/passwd",
                                "https://h\xc3\xb6st"}) {
    INFO(url);
    CHECK(!http::parse_base_url(url));
  }
}

TEST_CASE("a refused base URL is not repeated with its password") {
  CHECK(http::parse_base_url("https://me:hunter2@host").error().find("hunter2") ==
        std::string::npos);
}

TEST_CASE("custom headers are read line by line") {
  const auto headers = http::parse_custom_headers("A: 1\r\n\n  B :two words \nC:\n");
  REQUIRE(headers);
  REQUIRE(headers->size() == 3);
  CHECK((*headers)[0].name == "A");
  CHECK((*headers)[0].value.reveal() == "1");
  CHECK((*headers)[1].name == "B");
  CHECK((*headers)[1].value.reveal() == "two words");
  CHECK((*headers)[2].value.empty());
}

TEST_CASE("custom headers that would break a request are refused without their value") {
  for (const char* const lines : {"no colon hunter2", ": hunter2", "A B: hunter2",
                                  "Content-Length: hunter2", "host: hunter2", "A: hunter2\x01"}) {
    const auto headers = http::parse_custom_headers(lines);
    REQUIRE(!headers);
    CHECK(headers.error().find("hunter2") == std::string::npos);
  }
}
