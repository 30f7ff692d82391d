#include <catch2/catch.hpp>

#include "tests/daemon/api/api_fixture.h"
#include "tests/daemon/api/gate.h"
#include "tests/daemon/api/raw_server.h"

using namespace sessync;
using namespace sessync::test;
using Kind = ports::ApiError::Kind;

namespace {

/// Keeps what it is given, up to `room` bytes.
class Collector : public ports::ContentSink {
 public:
  explicit Collector(std::size_t room = SIZE_MAX) : room_(room) {}

  tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
    if (text.size() + bytes.size() > room_) {
      return tl::unexpected(std::string("out/a.csv cannot be written: the disk is full"));
    }
    text += bytes;
    return ports::Done{};
  }

  std::string text;

 private:
  std::size_t room_;
};

class Counter : public ports::ContentSink {
 public:
  tl::expected<ports::Done, std::string> write(std::string_view bytes) override {
    count += bytes.size();
    return ports::Done{};
  }

  std::uint64_t count = 0;
};

ports::Result<ports::Done> download(ApiFixture& fixture,
                                    const std::shared_ptr<ports::ContentSink>& sink,
                                    const std::string& id = "file_1") {
  return fixture.wait<ports::Done>(
      [&](auto done) { fixture.api.download(id, sink, std::move(done)); });
}

std::string head(const std::string& lines) { return "HTTP/1.1 200 OK\r\n" + lines + "\r\n"; }

/// Answers the first request of each connection with these bytes, and closes.
RawServer::Serve sending(std::string bytes) {
  return [bytes = std::move(bytes)](RawConnection& connection) {
    RawRequest request;
    if (connection.read(request)) connection.send(bytes);
  };
}

}  // namespace

TEST_CASE("a download is every byte, whatever the bytes, and longer than any answer") {
  for (const std::uint64_t size : {0U, 1U, 3'000'000U}) {
    const std::string bytes = generated(size) + std::string("\0\r\n", 3);
    const RawServer server(answering([&](const RawRequest&) { return raw_answer(200, bytes); }));
    ApiFixture fixture(options_for(server.url()));
    const auto sink = std::make_shared<Collector>();
    REQUIRE(download(fixture, sink, "file/1"));
    CHECK(sink->text == bytes);
    const auto request = server.requests().at(0);
    CHECK(request.target == "/v1/files/file%2F1/content");
    CHECK(request.headers.at("accept") == "application/binary");
  }
}

TEST_CASE("an empty download feeds nothing") {
  const RawServer server(answering([](const RawRequest&) { return raw_answer(200, ""); }));
  ApiFixture fixture(options_for(server.url()));
  const auto sink = std::make_shared<Collector>();
  CHECK(download(fixture, sink));
  CHECK(sink->text.empty());
}

TEST_CASE("a download that is cut short is an error") {
  for (const char* const answer :
       {"Content-Length: 10\r\n\r\n123456789", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    const RawServer server(sending(std::string("HTTP/1.1 200 OK\r\n") + answer));
    ApiFixture fixture(options_for(server.url()));
    const auto result = download(fixture, std::make_shared<Collector>());
    INFO(answer);
    REQUIRE(!result);
    CHECK(result.error().kind == Kind::kUnusableAnswer);
  }
}

TEST_CASE("a download that drips is given up, although it never stops") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send(head("Content-Length: 1000000\r\n"));
    while (!connection.closes_within(10) && connection.send("x")) {
    }
  });
  auto options = options_for(server.url());
  options.request_timeout = std::chrono::milliseconds(500);
  ApiFixture fixture(options);
  const auto sink = std::make_shared<Collector>();
  CHECK(download(fixture, sink).error().kind == Kind::kUnusableAnswer);
  CHECK(sink->text.size() < 1000);
}

TEST_CASE("a sink that fails ends the download with its own words") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send(head("Content-Length: 1000000000\r\n") + generated(100'000));
    connection.wait_for_close();
  });
  ApiFixture fixture(options_for(server.url()));
  const auto result = download(fixture, std::make_shared<Collector>(50'000));
  REQUIRE(!result);
  CHECK(result.error().kind == Kind::kNotStored);
  CHECK(result.error().message == "out/a.csv cannot be written: the disk is full");
}

TEST_CASE("what is not the content does not reach the sink") {
  const auto refused = error_json("invalid_request_error", "File `f` is not downloadable.");
  const std::vector<std::tuple<int, std::string, Kind>> table = {
      {400, refused, Kind::kInvalid},       {404, "", Kind::kNotFound},
      {500, "oops", Kind::kUnusableAnswer}, {302, "moved", Kind::kUnusableAnswer},
      {206, "part", Kind::kUnusableAnswer}, {204, "", Kind::kUnusableAnswer}};
  for (const auto& [status, body, kind] : table) {
    const auto answer =
        raw_answer(status, body,
                   "Location: https://elsewhere.example/x\r\nanthropic-organization-id: org\r\n");
    const RawServer server(answering([&](const RawRequest&) { return std::string(answer); }));
    ApiFixture fixture(options_for(server.url()));
    const auto sink = std::make_shared<Collector>();
    const auto result = download(fixture, sink);
    INFO(status);
    REQUIRE(!result);
    CHECK(result.error().kind == kind);
    CHECK(result.error().http_status == status);
    CHECK(result.error().organization_id == "org");
    CHECK(sink->text.empty());
    CHECK(server.requests().size() == 1);
  }
}

TEST_CASE("a download that stops on its way times out") {
  const RawServer server([](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    connection.send(head("Content-Length: 1000\r\n") + "123");
    connection.wait_for_close();
  });
  auto options = options_for(server.url());
  options.request_timeout = std::chrono::milliseconds(100);
  ApiFixture fixture(options);
  CHECK(download(fixture, std::make_shared<Collector>()).error().kind == Kind::kUnusableAnswer);
}

TEST_CASE("memory stays flat while a large file is downloaded") {
  constexpr std::uint64_t kBlocks = 1024;
  const std::string block = generated(64 << 10);
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    if (!connection.read(request)) return;
    const auto length = std::to_string(kBlocks * block.size());
    connection.send(head("Content-Length: " + length + "\r\n"));
    for (std::uint64_t i = 0; i < kBlocks && connection.send(block); ++i) {
    }
  });
  ApiFixture fixture(options_for(server.url()));
  const long before = peak_kib();
  const auto sink = std::make_shared<Counter>();
  REQUIRE(download(fixture, sink));
  CHECK(sink->count == kBlocks * block.size());
  CHECK(peak_kib() - before < 16L * 1024);
}

TEST_CASE("aborting ends downloads; other calls go on") {
  Gate gate;
  const RawServer server([&](RawConnection& connection) {
    RawRequest request;
    while (connection.read(request)) {
      if (request.target.ends_with("/content")) {
        connection.send(head("Content-Length: 10\r\n") + "123");
        gate.pass();
        return;
      }
      connection.send(raw_answer(200, R"({"id":"sesn_1"})"));
    }
  });
  ApiFixture fixture(options_for(server.url()));
  std::optional<Kind> end;
  fixture.api.download(
      "file_1", std::make_shared<Collector>(),
      [&](const ports::Result<ports::Done>& result) { end = result.error().kind; });
  gate.wait_for_arrival();
  fixture.thread.abort_uploads();
  fixture.drain();
  CHECK(end == Kind::kAborted);
  CHECK(fixture.session());
  CHECK(download(fixture, std::make_shared<Collector>()).error().kind == Kind::kAborted);
  gate.open();
}
