#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include "daemon/remote/event_parser.h"
#include "daemon/status/http_codec.h"

/// What of the bytes that clients send is a request, and what is answered.
namespace sessync {
namespace {

using State = RequestExtent::State;

int refused_with(const std::string& bytes) {
  const auto extent = request_extent(bytes);
  return extent.state == State::kRefused ? extent.status : 0;
}

HttpReply echo(const StatusRequest& request) {
  HttpReply reply;
  reply.body =
      std::make_shared<const std::string>(request.method + " " + request.path + " " + request.body);
  return reply;
}

}  // namespace

TEST_CASE("a request is whole when its head and its body are") {
  const std::string request = "POST /x HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  3 \r\n\r\nabc";
  for (std::size_t size = 0; size < request.size(); ++size) {
    CHECK(request_extent(request.substr(0, size)).state == State::kPartial);
  }
  const auto extent = request_extent(request + "GET /next");
  CHECK(extent.state == State::kWhole);
  CHECK(extent.head + extent.body == request.size());
}

TEST_CASE("what two parsers could see differently is refused") {
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  CHECK(refused_with(start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n") == 400);
  for (const char* const length : {"-1", "+1", "0x1", "1 1", "1,1", "", "99999999999999999999"}) {
    INFO(length);
    CHECK(refused_with(start + "Content-Length: " + length + "\r\n\r\n") == 400);
  }
  CHECK(refused_with(start + "Transfer-Encoding: chunked\r\n\r\n") == 411);
  CHECK(refused_with(start + "X: a\nContent-Length: 1\r\n\r\n") == 400);
  CHECK(refused_with(start + "X: a\rY: b\r\n\r\n") == 400);
  CHECK(refused_with(start + std::string("X: a\0b", 6) + "\r\n\r\n") == 400);
  CHECK(refused_with(start + " folded\r\n\r\n") == 400);
  CHECK(refused_with("\r\n\r\n") == 400);
}

TEST_CASE("heads and bodies have limits") {
  CHECK(refused_with("GET / HTTP/1.1\r\nX: " + std::string(17 << 10, 'a')) == 431);
  CHECK(refused_with("GET / HTTP/1.1\r\nContent-Length: 16385\r\n\r\n") == 413);
  CHECK(refused_with("GET / HTTP/1.1\r\nContent-Length: 16384\r\n\r\n") == 0);
}

TEST_CASE("answers are plain whatever the client can take") {
  HttpCodec codec(echo);
  const auto answer = codec.answer(
      "GET /a%20b?q=1 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\nRange: bytes=0-1\r\n\r\n",
      {}, false);
  CHECK(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.head.find("Content-Length: 9\r\n") != std::string::npos);
  CHECK(answer.head.find("Content-Encoding") == std::string::npos);
  CHECK(*answer.body == "GET /a b ");
  CHECK_FALSE(answer.close);
}

TEST_CASE("HEAD says what GET would, without the body") {
  HttpCodec codec(echo);
  const auto answer = codec.answer("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", {}, false);
  CHECK(answer.head.find("Content-Length: 8\r\n") != std::string::npos);
  CHECK(answer.body == nullptr);
}

TEST_CASE("a body reaches the handler as it was sent, and ends the connection") {
  HttpCodec codec(echo);
  const auto answer = codec.answer(
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
      "Content-Encoding: gzip\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n{\"a\"",
      {}, false);
  CHECK(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(*answer.body == "POST /x {\"a\"");
  CHECK(answer.close);
}

TEST_CASE("what is no HTTP is refused in JSON") {
  HttpCodec codec(echo);
  for (const char* const request : {"hello\r\n\r\n", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n",
                                    "GET / HTTP/3.0\r\n\r\n", "BREW / HTTP/1.1\r\n\r\n"}) {
    INFO(request);
    const auto answer = codec.answer(request, {}, false);
    CHECK(answer.head.starts_with("HTTP/1.1 400 "));
    CHECK(answer.body->starts_with("{\"error\":"));
    CHECK(answer.close);
  }
}

TEST_CASE("any bytes get an answer") {
  rc::prop("a request made of fragments", [] {
    const auto parts =
        *rc::gen::container<std::vector<std::string>>(rc::gen::weightedOneOf<std::string>(
            {{8,
              rc::gen::element<std::string>("GET ", "POST ", "/", " HTTP/1.1", "\r\n", "\r\n\r\n",
                                            "Host:", "Content-Length: 2", "%", "%zz", "?", "\n",
                                            ":", "Range: bytes=0-,-1", "Expect: 100-continue")},
             {2, rc::gen::arbitrary<std::string>()}}));
    std::string request;
    for (const auto& part : parts) {
      request += part;
    }
    request += "\r\n\r\n";
    HttpCodec codec(echo);
    if (request_extent(request).state == State::kWhole) {
      RC_ASSERT(codec.answer(request, {}, false).head.starts_with("HTTP/1.1 "));
    }
  });
}

TEST_CASE("events are taken apart in whatever pieces they come") {
  const std::string stream =
      ": hi\n\nevent: a\nid: 1\ndata: {\"x\":1}\n\nevent: b\ndata: 1\ndata: 2\n\n: still\n\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    std::vector<std::string> seen;
    EventParser parser([&](const std::string& kind, const std::string& data) {
      seen.push_back(kind);
      seen.back().append("=").append(data);
      return true;
    });
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      CHECK(parser.take(std::string_view(stream).substr(at, piece)));
    }
    CHECK(seen == std::vector<std::string>{"a={\"x\":1}", "b=1\n2"});
  }
}

}  // namespace sessync
