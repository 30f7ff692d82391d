#include <atomic>

#include <catch2/catch.hpp>

#include "daemon/api/send/request_headers.h"
#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// Knows one key; whoever sends another is refused.
RawServer::Serve knowing(const std::string& key) {
  return answering([key](const RawRequest& request) {
    const auto sent = request.headers.find("x-api-key");
    const bool right = sent != request.headers.end() && sent->second == key;
    return right ? raw_answer(200, request.method == "POST" ? resource_json("sesrsc_1")
                                                            : R"({"id":"sesn_1"})")
                 : raw_answer(401, error_json("authentication_error", "invalid x-api-key"));
  });
}

/// A key file: what is in force is what was read last.
struct KeyFile {
  std::string content;
  std::string read = "old";
  int refreshes = 0;

  api::KeyProvider provider() {
    return {[this] { return ports::Secret(read); },
            [this] {
              ++refreshes;
              read = content;
            }};
  }
};

}  // namespace

TEST_CASE("the key and the fixed headers are sent as asked") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, R"({"id":"sesn_1"})"); }));
  auto options = options_for(server.url());
  options.api_version = "2026-10-21";
  options.workspace_id = "wrkspc_1";
  SECTION("as x-api-key") {
    ApiFixture fixture(options);
    REQUIRE(fixture.session());
    const auto headers = server.requests().at(0).headers;
    CHECK(headers.at("x-api-key") == kKey);
    CHECK(!headers.contains("authorization"));
    CHECK(headers.at("anthropic-version") == "2026-10-21");
    CHECK(headers.at("anthropic-beta") == "managed-agents-2026-04-01");
    CHECK(headers.at("anthropic-workspace-id") == "wrkspc_1");
  }
  SECTION("as a bearer token") {
    options.auth_style = api::AuthStyle::kBearer;
    ApiFixture fixture(options);
    REQUIRE(fixture.session());
    const auto headers = server.requests().at(0).headers;
    CHECK(headers.at("authorization") == std::string("Bearer ") + kKey);
    CHECK(!headers.contains("x-api-key"));
  }
}

TEST_CASE("custom headers are sent; those of ours they replace; betas are joined") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, R"({"id":"sesn_1"})"); }));
  auto options = options_for(server.url());
  options.custom_headers = *http::parse_custom_headers(
      "X-Gateway: g\nAnthropic-Beta: oauth-2025-04-20\n"
      "anthropic-version: 2099-01-01\nX-Empty:\n");
  ApiFixture fixture(options);
  REQUIRE(fixture.session());
  const auto headers = server.requests().at(0).headers;
  CHECK(headers.at("x-gateway") == "g");
  CHECK(headers.at("anthropic-beta") == "managed-agents-2026-04-01,oauth-2025-04-20");
  CHECK(headers.at("anthropic-version") == "2099-01-01");
  CHECK(headers.contains("x-empty"));
}

TEST_CASE("after a 401 a key that has changed is tried once") {
  const RawServer server(knowing("new"));
  KeyFile file{"new"};
  auto options = options_for(server.url());
  options.key = file.provider();
  ApiFixture fixture(options);
  CHECK(fixture.add());
  CHECK(fixture.session());
  CHECK(file.refreshes == 1);
  CHECK(server.count("POST") == 2);
  CHECK(server.count("GET") == 1);
}

TEST_CASE("after a 401 an unchanged key is not tried again") {
  const RawServer server(knowing("new"));
  KeyFile file{"old"};
  auto options = options_for(server.url());
  options.key = file.provider();
  ApiFixture fixture(options);
  const auto error = fixture.add().error();
  CHECK(error.kind == Kind::kAuthentication);
  CHECK(error.message.find("x-api-key") != std::string::npos);
  CHECK(server.count("POST") == 1);
}

TEST_CASE("a new key that is refused too is not tried a third time") {
  const RawServer server(knowing("right"));
  KeyFile file{"wrong"};
  auto options = options_for(server.url());
  options.key = file.provider();
  ApiFixture fixture(options);
  CHECK(fixture.add().error().kind == Kind::kAuthentication);
  CHECK(server.count("POST") == 2);
}

TEST_CASE("without a usable key nothing is sent") {
  const RawServer server(knowing("new"));
  for (const char* const key : {"", "line\r\nx-evil: 1"}) {
    auto options = options_for(server.url());
    options.key.current = [key] { return ports::Secret(key); };
    ApiFixture fixture(options);
    const auto error = fixture.session().error();
    CHECK(error.kind == Kind::kAuthentication);
    CHECK(error.message.find("evil") == std::string::npos);
  }
  CHECK(server.requests().empty());
}
