#include "daemon/http/server/request_parser.h"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

/// What of the bytes that clients send is a request.
namespace sessync::http {
namespace {

ParseResult parse(std::string_view bytes) {
  return parse_request(bytes, [](std::string_view path) {
    return path == "/hooks" ? std::size_t{1} << 20U : kMostBody;
  });
}

/// The status of the refusal; 0: it is none.
int refused_with(std::string_view bytes) {
  const auto result = parse(bytes);
  const auto* const refused = std::get_if<Refused>(&result);
  return refused != nullptr ? refused->status : 0;
}

Parsed parsed(std::string_view bytes) { return std::get<Parsed>(parse(bytes)); }

std::string with_header(const std::string& line) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n";
}

}  // namespace

TEST_CASE("a request is whole when its head and its body are") {
  const std::string request = "POST /x HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  3 \r\n\r\nabc";
  for (std::size_t size = 0; size < request.size(); ++size) {
    CHECK(std::holds_alternative<Incomplete>(parse(request.substr(0, size))));
  }
  const auto whole = parsed(request + "GET /next");
  CHECK(whole.size == request.size());
  CHECK(whole.request.body == "abc");
  CHECK(std::get<Incomplete>(parse(request.substr(0, request.size() - 1))).whole == request.size());
}

TEST_CASE("what two parsers could see differently is refused") {
  CHECK(refused_with(with_header("Content-Length: 1\r\nContent-Length: 1")) == 400);
  CHECK(refused_with(with_header("Content-Length: 1\r\nContent-Length: 2")) == 400);
  for (const char* const length : {"-1", "+1", "0x1", "1 1", "1,1", "", "1;", "\t"}) {
    INFO(length);
    CHECK(refused_with(with_header(std::string("Content-Length: ") + length)) == 400);
  }
  CHECK(refused_with(with_header("Transfer-Encoding: chunked")) == 411);
  CHECK(refused_with(with_header("Content-Length: 1\r\nTransfer-Encoding: chunked")) == 411);
  CHECK(refused_with(with_header("Content-Length : 3")) == 400);
  CHECK(refused_with(with_header("X : a")) == 400);
  CHECK(refused_with(with_header("X")) == 400);
  CHECK(refused_with(with_header(": a")) == 400);
  CHECK(refused_with(with_header("X: a\r\n folded")) == 400);
  CHECK(refused_with(with_header("X: a\r\n\tfolded")) == 400);
  CHECK(refused_with(with_header("X: a\rY: b")) == 400);
  CHECK(refused_with(with_header(std::string("X: a\0b", 6))) == 400);
  CHECK(refused_with(with_header("X: a\x01")) == 400);
  CHECK(refused_with("\r\n\r\n") == 400);
}

TEST_CASE("a line that ends in a bare LF is refused at once, however little came") {
  CHECK(refused_with("GET / HTTP/1.1\n") == 400);
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n") == 400);
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\n\n") == 400);
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\n\r\n\r\n") == 400);
  CHECK(refused_with("\n") == 400);
}

TEST_CASE("a request line is a method, a path and a version that is spoken") {
  for (const char* const line : {"hello",
                                 "GET",
                                 "GET /",
                                 "GET  / HTTP/1.1",
                                 "GET /a b HTTP/1.1",
                                 "GET / HTTP/1.1 ",
                                 " GET / HTTP/1.1",
                                 "G(T / HTTP/1.1",
                                 "GET x HTTP/1.1",
                                 "GET * HTTP/1.1",
                                 "GET http://a/ HTTP/1.1",
                                 "GET /# HTTP/1.1",
                                 "GET /%zz HTTP/1.1",
                                 "GET /%0 HTTP/1.1",
                                 "GET /%00 HTTP/1.1",
                                 "GET /\x80 HTTP/1.1",
                                 "GET / http/1.1",
                                 "GET / XTTP/1.1",
                                 "GET / HTTP/1.10",
                                 "GET / HTTP/1.x",
                                 "GET / HTTP/1"}) {
    INFO(line);
    CHECK(refused_with(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
  }
  for (const char* const version : {"HTTP/3.0", "HTTP/2.0", "HTTP/0.9"}) {
    INFO(version);
    CHECK(refused_with("GET / " + std::string(version) + "\r\n\r\n") == 505);
  }
  CHECK(refused_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
}

TEST_CASE("a path is decoded once and has no query") {
  CHECK(parsed("GET /a%20b%2541?q=%zz HTTP/1.1\r\n\r\n").request.path == "/a b%41");
  CHECK(parsed("GET /+%2B%2f%C3%a9 HTTP/1.1\r\n\r\n").request.path == "/++/\xC3\xA9");
}

TEST_CASE("headers are found in any case, as often as they were sent, without the blanks around") {
  const auto request = parsed("GET / HTTP/1.1\r\nx-a: \t1 2\t \r\nX-A:3\r\nB:\r\n\r\n").request;
  CHECK(request.all("X-a") == std::vector<std::string>{"1 2", "3"});
  CHECK(request.first("b").empty());
  CHECK(request.headers.size() == 3);
}

TEST_CASE("heads and bodies have limits, bodies one for each path") {
  CHECK(refused_with("GET / HTTP/1.1\r\nX: " + std::string(kMostHead, 'a')) == 431);
  CHECK(refused_with("GET / HTTP/1.1\r\nX: " + std::string(15U << 10U, 'a') + "\r\n\r\n") == 0);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 101; ++i) many += "X: a\r\n";
  CHECK(refused_with(many + "\r\n") == 431);
  CHECK(refused_with("GET / HTTP/1.1\r\nContent-Length: 16385\r\n\r\n") == 413);
  CHECK(refused_with("GET / HTTP/1.1\r\nContent-Length: 16384\r\n\r\n") == 0);
  CHECK(refused_with("POST /hooks HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n") == 0);
  CHECK(refused_with("POST /hooks HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n") == 413);
  CHECK(refused_with(with_header("Content-Length: 99999999999999999999")) == 413);
}

TEST_CASE("a connection is kept unless one side ends it") {
  CHECK(parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keeps);
  CHECK(parsed("GET / HTTP/1.1\r\nConnection: keep-alive\r\n\r\n").keeps);
  CHECK_FALSE(parsed("GET / HTTP/1.1\r\nConnection: foo , CLOSE\r\n\r\n").keeps);
  CHECK_FALSE(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps);
}

TEST_CASE("any bytes are a request, a refusal, or the beginning of one") {
  rc::prop("a request made of fragments is the same in pieces and at once", [] {
    const auto parts =
        *rc::gen::container<std::vector<std::string>>(rc::gen::weightedOneOf<std::string>(
            {{8, rc::gen::element<std::string>("GET /", "POST ", "/", " HTTP/1.1\r\n", "\r\n",
                                               "\r\n\r\n", "Host:", "Content-Length: 2", "%20",
                                               "%zz", "?", "\n", ":", " ", "\t")},
             {2, rc::gen::arbitrary<std::string>()}}));
    std::string bytes;
    for (const auto& part : parts) bytes += part;
    const auto at_once = parse(bytes);
    const auto* const whole = std::get_if<Parsed>(&at_once);
    for (std::size_t size = 0; whole != nullptr && size < whole->size; ++size) {
      RC_ASSERT(std::holds_alternative<Incomplete>(parse(bytes.substr(0, size))));
    }
  });
}

}  // namespace sessync::http
