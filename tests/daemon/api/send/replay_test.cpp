#include <atomic>

#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;

namespace {

/// Answers the first request of a connection and closes after it has read the second one whole:
/// the moment at which libcurl likes to send a request again.
RawServer::Serve dying_on_reuse() {
  return [](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    const auto body =
        request.target.starts_with("/v1/files") ? file_json("file_1", 5) : R"({"id":"sesn_1"})";
    connection.send(raw_answer(200, body));
    connection.read(request);
  };
}

struct Reused {
  RawServer server{dying_on_reuse()};
  ApiFixture fixture{options_for(server.url())};

  Reused() { REQUIRE(fixture.session()); }
  void require_reuse(const std::string& method) {
    const auto seen = server.requests();
    REQUIRE(seen.size() >= 2);
    REQUIRE(seen[1].connection == 0);
    REQUIRE(seen[1].method == method);
  }
};

}  // namespace

TEST_CASE("an add on a kept connection that dies is sent once and its outcome is unknown") {
  Reused reused;
  const auto added = reused.fixture.add();
  reused.require_reuse("POST");
  REQUIRE(!added);
  CHECK(added.error().kind == ports::ApiError::Kind::kUnknownOutcome);
  CHECK(reused.server.count("POST") == 1);
}

TEST_CASE("an upload on a kept connection that dies is sent once and its outcome is unknown") {
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{1} << 20}) {
    Reused reused;
    const auto uploaded = reused.fixture.upload(upload_of("aa", size));
    reused.require_reuse("POST");
    REQUIRE(!uploaded);
    CHECK(uploaded.error().kind == ports::ApiError::Kind::kUnknownOutcome);
    CHECK(reused.server.count("POST") == 1);
  }
}

TEST_CASE("a delete on a kept connection that dies is sent once and its outcome is unknown") {
  Reused reused;
  const auto deleted = reused.fixture.remove();
  reused.require_reuse("DELETE");
  REQUIRE(!deleted);
  CHECK(deleted.error().kind == ports::ApiError::Kind::kUnknownOutcome);
  CHECK(reused.server.count("DELETE") == 1);
}

TEST_CASE("a write after the server closed its idle connection succeeds on a new one") {
  std::atomic<int> closed = 0;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send(raw_answer(
        200, request.method == "POST" ? resource_json("sesrsc_1") : R"({"id":"sesn_1"})"));
    ++closed;
  });
  ApiFixture fixture(options_for(server.url()));
  REQUIRE(fixture.session());
  const auto added = fixture.add();
  // Whether libcurl noticed the close before it sent is a race; sent twice it must never be.
  CHECK(server.count("POST") == (added ? 1 : 0));
  if (!added) CHECK(added.error().kind == ports::ApiError::Kind::kUnknownOutcome);
}

TEST_CASE("a read on a kept connection that dies may be asked again") {
  Reused reused;
  REQUIRE(reused.fixture.session());
  CHECK(reused.server.count("GET") == 3);
}

TEST_CASE("connections are kept and used again") {
  const RawServer server(
      answering([](const RawRequest&) { return raw_answer(200, R"({"id":"sesn_1"})"); }));
  ApiFixture fixture(options_for(server.url()));
  for (int i = 0; i < 5; ++i) REQUIRE(fixture.session());
  for (const auto& request : server.requests()) CHECK(request.connection == 0);
}
