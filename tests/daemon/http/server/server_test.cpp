#include "daemon/http/server/server.h"

#include <new>

#include <catch2/catch.hpp>

#include "tests/daemon/http/server/raw_client.h"

/// What goes over the wire when raw bytes come in.
namespace sessync::http {
namespace {

using test::RawClient;

/// Answers with what it understood: method, path, size of the body. Throws at /throws.
class EchoServer {
 public:
  EchoServer() {
    auto listener = open_listener("127.0.0.1:0").value();
    address = listener.address;
    const auto echo = [](const Request& request) {
      if (request.path == "/throws") throw std::bad_alloc();
      Reply reply;
      reply.type = "text/plain";
      reply.body = std::make_shared<const std::string>(request.method + " " + request.path + " " +
                                                       std::to_string(request.body.size()) + "\n");
      return reply;
    };
    Server::Limits limits;
    limits.body = [](std::string_view path) {
      return path == "/hooks" ? std::size_t{1} << 20U : kMostBody;
    };
    server_ = std::make_unique<Server>(Server::Handlers{echo, echo, [](std::size_t) {}}, limits);
    server_->listen(std::move(listener));
    server_->start();
  }

  /// Everything that is answered until the connection ends.
  [[nodiscard]] std::string ask(const std::string& bytes) const {
    return RawClient::ask(address, bytes);
  }

  std::string address;

 private:
  std::unique_ptr<Server> server_;
};

std::string long_post(const std::string& path, std::size_t size) {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n";
}

constexpr std::size_t kMiB = std::size_t{1} << 20U;

}  // namespace

TEST_CASE("a body of a mebibyte arrives where its path takes one, whole and in pieces") {
  const EchoServer served;
  CHECK(test::body_of(served.ask(long_post("/hooks", kMiB) + std::string(kMiB, 'a'))) ==
        "POST /hooks 1048576\n");
  RawClient slow(served.address);
  slow.send(long_post("/hooks", kMiB));
  for (std::size_t sent = 0; sent < kMiB; sent += kMiB / 16) {
    slow.send(std::string(kMiB / 16, 'b'));
  }
  CHECK(test::body_of(slow.read_all()) == "POST /hooks 1048576\n");
}

TEST_CASE("a body that its path does not take is refused before it comes") {
  const EchoServer served;
  CHECK(test::status_of(served.ask(long_post("/hooks", kMiB + 1))) == 413);
  CHECK(test::status_of(served.ask(long_post("/other", kMiB))) == 413);
  CHECK(test::body_of(served.ask(long_post("/other", kMostBody) + std::string(kMostBody, 'a'))) ==
        "POST /other 16384\n");
}

TEST_CASE("requests that come at once are answered in their order") {
  const EchoServer served;
  std::string five;
  for (const char* const path : {"/1", "/2", "/3", "/4"}) {
    five += std::string("GET ") + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  const auto answers = served.ask(five + "GET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  std::size_t at = 0;
  for (const char* const line : {"GET /1 0", "GET /2 0", "GET /3 0", "GET /4 0", "GET /5 0"}) {
    at = answers.find(line, at);
    CHECK(at != std::string::npos);
  }
}

TEST_CASE("a request whose work throws is answered, and so is the next one") {
  const EchoServer served;
  CHECK(test::status_of(served.ask(long_post("/throws", 0))) == 500);
  CHECK(test::status_of(served.ask(long_post("/other", 1) + "a")) == 200);
}

TEST_CASE("what follows a request with a body, or a refusal, is never answered") {
  const EchoServer served;
  const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::string& first :
       {std::string("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
        std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 40\r\n"
                    "\r\nabc"),
        std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc"),
        std::string("GET /a HTTP/1.1\nHost: a\n\n")}) {
    INFO(first);
    CHECK_FALSE(test::has(served.ask(first + smuggled), "/smuggled"));
  }
}

}  // namespace sessync::http
