#include "daemon/http/server/reply_writer.h"

#include <catch2/catch.hpp>
#include <zlib.h>

/// How answers are written.
namespace sessync::http {
namespace {

Request asked(const char* method) {
  Request request;
  request.method = method;
  request.path = "/";
  return request;
}

Reply reply(const std::string& body) {
  Reply reply;
  reply.body = std::make_shared<const std::string>(body);
  return reply;
}

std::string unpacked(const std::string& packed, std::size_t room) {
  std::string text(room, '\0');
  z_stream stream{};
  ::inflateInit2(&stream, 16 + MAX_WBITS);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int end = ::inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  ::inflateEnd(&stream);
  return end == Z_STREAM_END ? text : "not gzip";
}

}  // namespace

TEST_CASE("an answer has its length, its type, and no line that nobody wrote") {
  auto said = reply("hello");
  said.headers = {{"X-A", "1\r\nX-B: 2"}};
  const auto answer = answer_to(asked("GET"), said, false);
  CHECK(answer.head ==
        "HTTP/1.1 200 OK\r\nX-A: 1  X-B: 2\r\nContent-Type: application/json\r\n"
        "Content-Length: 5\r\n\r\n");
  CHECK(*answer.body == "hello");
  CHECK_FALSE(answer.close);
}

TEST_CASE("HEAD says what GET would, without the body") {
  const auto answer = answer_to(asked("HEAD"), reply("hello"), true);
  CHECK(answer.head.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(answer.head.find("Connection: close\r\n") != std::string::npos);
  CHECK(answer.body == nullptr);
}

TEST_CASE("an answer without a body says so, except 304") {
  CHECK(answer_to(asked("GET"), {}, false).head.find("Content-Length: 0\r\n") != std::string::npos);
  Reply unchanged;
  unchanged.status = 304;
  CHECK(answer_to(asked("GET"), unchanged, false).head == "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST_CASE("what is followed has no length and ends with the connection") {
  auto stream = reply("first");
  stream.follows = 7;
  const auto answer = answer_to(asked("GET"), stream, false);
  CHECK(answer.head.find("Content-Length") == std::string::npos);
  CHECK(answer.close);
  CHECK(answer.follows == 7);
  CHECK_FALSE(answer_to(asked("HEAD"), stream, false).follows);
}

TEST_CASE("a refusal is a JSON document and the last thing that is said") {
  const auto answer = refusal(431, "too long");
  CHECK(answer.head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  CHECK(*answer.body == "{\"error\":{\"code\":\"bad_request\",\"message\":\"too long\"}}\n");
  CHECK(answer.close);
}

TEST_CASE("what is packed unpacks to itself") {
  for (const std::size_t size : {0U, 1U, 100'000U}) {
    std::string text(size, 'a');
    for (std::size_t i = 0; i < size; i += 7) text[i] = static_cast<char>(i * i);
    CHECK(unpacked(gzipped(text), size + 1) == text);
  }
}

}  // namespace sessync::http
