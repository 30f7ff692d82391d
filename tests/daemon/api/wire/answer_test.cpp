#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// Sends the bytes in answer to one request, then closes.
RawServer::Serve once(const std::string& bytes) {
  return [bytes](RawConnection& connection) {
    RawRequest request;
    if (connection.read(request)) connection.send(bytes);
  };
}

}  // namespace

TEST_CASE("a cut answer is no list, and leaves a write in doubt") {
  const auto whole = raw_answer(200, list_json(resource_json("sesrsc_1")));
  const RawServer server(once(whole.substr(0, whole.size() - 1)));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.add().error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("a body without length that ends too early is no list") {
  const auto body = list_json(resource_json("sesrsc_1"));
  const RawServer server(
      once("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body.substr(0, body.size() - 1)));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
}

TEST_CASE("what is not HTTP is no answer") {
  const RawServer server(once("hello, this is not HTTP\r\n\r\n"));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.add().error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("errors that are not JSON are classified by their status and not quoted") {
  const std::string page = "<html>\x1b[31mbad gateway</html>" + std::string(500, 'x');
  for (const auto& [status, read, write] :
       {std::tuple{413, Kind::kTooLarge, Kind::kTooLarge},
        std::tuple{403, Kind::kPermission, Kind::kPermission},
        std::tuple{502, Kind::kUnusableAnswer, Kind::kUnknownOutcome}}) {
    const RawServer server(always(raw_answer(status, page)));
    ApiFixture fixture(options_for(server.url()));
    const auto listed = fixture.list().error();
    CHECK(listed.kind == read);
    CHECK(listed.http_status == status);
    CHECK(listed.message.find("bad gateway") == std::string::npos);
    CHECK(listed.message.size() < 400);
    CHECK(fixture.add().error().kind == write);
  }
}

TEST_CASE("a success that is not JSON is no success") {
  const RawServer server(always(raw_answer(200, "<html>please sign in</html>")));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.file().error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.add().error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("a delete believes the status alone") {
  const RawServer server(always(raw_answer(204, "")));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.remove());
}

TEST_CASE("an endless answer is cut off") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"id\":\"");
    const std::string chunk(std::size_t{1} << 20, 'x');
    while (connection.send(chunk)) {
    }
  });
  ApiFixture fixture(options_for(server.url()));
  const auto error = fixture.file().error();
  CHECK(error.kind == Kind::kUnusableAnswer);
  CHECK(error.message.find("longer than allowed") != std::string::npos);
}

TEST_CASE("endless headers are cut off") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("x-more: and more and more and more and more and more\r\n")) {
    }
  });
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.file().error().kind == Kind::kUnusableAnswer);
}

TEST_CASE("a server that never answers is given up") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (connection.read(request)) connection.wait_for_close();
  });
  auto options = options_for(server.url());
  options.request_timeout = std::chrono::milliseconds(100);
  ApiFixture fixture(options);
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.add().error().kind == Kind::kUnknownOutcome);
  CHECK(fixture.upload(upload_of("aa", 5)).error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("an answer that trickles for ever is given up") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (!connection.closes_within(5) && connection.send(" ")) {
    }
  });
  auto options = options_for(server.url());
  options.request_timeout = std::chrono::milliseconds(100);
  ApiFixture fixture(options);
  CHECK(fixture.list().error().kind == Kind::kUnusableAnswer);
  CHECK(fixture.upload(upload_of("aa", 5)).error().kind == Kind::kUnknownOutcome);
}

TEST_CASE("what never reached a server had no effect") {
  std::string url;
  {
    const RawServer gone(always(""));
    url = gone.url();
  }
  ApiFixture fixture(options_for(url));
  CHECK(fixture.add().error().kind == Kind::kNotSent);
  CHECK(fixture.list().error().kind == Kind::kNotSent);
  CHECK(fixture.upload(upload_of("aa", 5)).error().kind == Kind::kNotSent);
}

TEST_CASE("a redirect is an error that names the host, and nothing follows it") {
  for (const int status : {301, 302, 307, 308}) {
    const RawServer other(always(raw_answer(200, list_json(""))));
    const RawServer server(always(
        raw_answer(status, "", "Location: " + other.url() + "/v1/sessions/sesn_1/resources\r\n")));
    ApiFixture fixture(options_for(server.url()));
    const auto error = fixture.list().error();
    CHECK(error.kind == Kind::kUnusableAnswer);
    CHECK(error.http_status == status);
    CHECK(error.message.find("127.0.0.1:" + std::to_string(other.port())) != std::string::npos);
    CHECK(fixture.add().error().kind == Kind::kUnknownOutcome);
    CHECK(other.requests().empty());
  }
}

TEST_CASE("an error carries code, request id and no credential") {
  const std::string body =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"bad key )" +
      std::string(kKey) +
      R"(","details":{"error_code":"storage_quota_exceeded"}},"request_id":"req_7"})";
  const RawServer server(always(raw_answer(400, body)));
  ApiFixture fixture(options_for(server.url()));
  const auto error = fixture.add().error();
  CHECK(error.kind == Kind::kBilling);
  CHECK(error.code == "storage_quota_exceeded");
  CHECK(error.request_id == "req_7");
  CHECK(error.message.find(kKey) == std::string::npos);
  CHECK(error.message.find("[redacted]") != std::string::npos);
}

TEST_CASE("a refusal that is about the account or the transfer is not about what was sent") {
  const auto [code, kind] = GENERATE(table<std::string, Kind>({
      {"storage_quota_exceeded", Kind::kBilling},
      {"organization_on_hold", Kind::kBilling},
      {"cmek_key_unavailable", Kind::kBilling},
      {"request_body_timeout", Kind::kNotSent},
      {"file_not_downloadable", Kind::kInvalid},
  }));
  const std::string body =
      R"({"type":"error","error":{"type":"invalid_request_error","message":"no","details":)"
      R"({"error_code":")" +
      code + R"("}}})";
  const RawServer server(always(raw_answer(400, body)));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.add().error().kind == kind);
}

TEST_CASE("requests leave no room for surprises") {
  const RawServer server(always(raw_answer(200, list_json(""))));
  ApiFixture fixture(options_for(server.url() + "/gateway/anthropic"));
  REQUIRE(fixture.list("sesn/../1?x"));
  const auto seen = server.requests().at(0);
  CHECK(seen.target == "/gateway/anthropic/v1/sessions/sesn%2F..%2F1%3Fx/resources");
  CHECK(!seen.headers.contains("accept-encoding"));
  CHECK(!seen.headers.contains("expect"));
  CHECK(!seen.headers.contains("content-type"));
}

TEST_CASE("an id that would name another resource is not sent") {
  const RawServer server(always(raw_answer(200, "{}")));
  ApiFixture fixture(options_for(server.url()));
  CHECK(fixture.file("").error().kind == Kind::kInvalid);
  CHECK(fixture.remove("..").error().kind == Kind::kInvalid);
  CHECK(fixture.list("").error().kind == Kind::kInvalid);
  CHECK(fixture.add({"sesn_1", "file_1", "/\xff"}).error().kind == Kind::kInvalid);
  CHECK(server.requests().empty());
}
