#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;
using nlohmann::json;

namespace {

const char* const kToken = "ghp_s3cr3t\"/+\\t0ken";

ports::Result<ports::Done> rotate(ApiFixture& fixture, const std::string& token,
                                  const std::string& resource = "sesrsc_1") {
  return fixture.wait<ports::Done>([&](auto done) {
    fixture.api.rotate_token({"sesn_1", resource, ports::Secret(token)}, std::move(done));
  });
}

ports::Result<ports::CreatedSession> create_with_token(ApiFixture& fixture,
                                                       const std::string& token) {
  ports::NewSession request;
  request.spec.agent_id = "agent_1";
  request.spec.environment_id = "env_1";
  request.repositories = {
      {"https://github.com/acme/app", "/app", std::nullopt, ports::Secret(token)}};
  return fixture.wait<ports::CreatedSession>(
      [&](auto done) { fixture.api.create_session(request, std::move(done)); });
}

std::string everything(const ports::ApiError& error) {
  return error.message + "|" + error.code + "|" + error.request_id + "|" + error.organization_id;
}

/// Parts long enough to know the token by.
void check_unspoken(const ports::ApiError& error, const std::string& token) {
  const auto said = everything(error);
  INFO(said);
  CHECK(said.find(token.substr(0, 8)) == std::string::npos);
  CHECK(said.find(token.substr(token.size() - 6)) == std::string::npos);
}

}  // namespace

TEST_CASE("a rotation sends the token and nothing else, once") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, R"({"id":"sesrsc_1"})"); }));
  ApiFixture fixture(options_for(server.url()));
  REQUIRE(rotate(fixture, kToken));
  const auto request = server.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/v1/sessions/sesn_1/resources/sesrsc_1");
  CHECK(request.headers.at("content-type") == "application/json");
  CHECK(json::parse(request.body) == json{{"authorization_token", kToken}});
}

TEST_CASE("a token that the API would refuse is not sent") {
  const RawServer server(answering([](const RawRequest&) { return raw_answer(200, "{}"); }));
  ApiFixture fixture(options_for(server.url()));
  for (const auto& token : {std::string(), std::string(4097, 't'), std::string("ghp_\xff\xfe")}) {
    const auto rotated = rotate(fixture, token);
    REQUIRE(!rotated);
    CHECK(rotated.error().kind == Kind::kInvalid);
    const auto created = create_with_token(fixture, token);
    REQUIRE(!created);
    CHECK(created.error().kind == Kind::kInvalid);
    if (!token.empty()) CHECK(rotated.error().message.find(token) == std::string::npos);
  }
  CHECK(rotate(fixture, "t", "..").error().kind == Kind::kInvalid);
  CHECK(server.requests().empty());
  CHECK(rotate(fixture, std::string(4096, 't')));
}

TEST_CASE("no error repeats a token, however the server repeats it") {
  const std::string quoted = json(kToken).dump();
  const std::string inner = quoted.substr(1, quoted.size() - 2);
  // Half of it would be shown if it were cut before it is redacted.
  const std::string late = std::string(195, '.') + kToken;
  const json envelope = {{"type", "error"},
                         {"error",
                          {{"type", std::string("bad ") + kToken},
                           {"message", std::string(490, '.') + kToken + " is no token"}}}};
  const std::string header = std::string("request-id: ") + kToken + "\r\n";
  const std::vector<std::string> answers = {
      raw_answer(400, envelope.dump(), header), raw_answer(400, late),
      raw_answer(502, "<p>" + inner),
      raw_answer(302, "", "Location: //" + std::string(kToken) + "\r\n"), raw_answer(403, quoted)};
  for (const auto& answer : answers) {
    const RawServer server(answering([&](const RawRequest&) { return answer; }));
    ApiFixture fixture(options_for(server.url()));
    check_unspoken(rotate(fixture, kToken).error(), kToken);
    check_unspoken(create_with_token(fixture, kToken).error(), kToken);
  }
}

TEST_CASE("an answer that cannot be used does not repeat tokens or keys either") {
  const std::string answer = std::string("you sent ") + kToken + " with " + kKey;
  const RawServer server(answering([&](const RawRequest&) { return raw_answer(200, answer); }));
  ApiFixture fixture(options_for(server.url()));
  const auto error = create_with_token(fixture, kToken).error();
  CHECK(error.kind == Kind::kUnknownOutcome);
  check_unspoken(error, kToken);
  check_unspoken(error, kKey);
  CHECK(error.message.find("you sent") == std::string::npos);
}

TEST_CASE("a rotation without an answer is in doubt and is not repeated") {
  const RawServer server(answering([](const RawRequest&) { return std::string(); }));
  ApiFixture fixture(options_for(server.url()));
  CHECK(rotate(fixture, kToken).error().kind == Kind::kUnknownOutcome);
  CHECK(server.count("POST") == 1);
}
