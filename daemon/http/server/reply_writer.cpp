#include "daemon/http/server/reply_writer.h"

#include <algorithm>
#include <utility>

namespace sessync::http {
namespace {

const char* reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Other";
  }
}

/// A value that came from elsewhere cannot begin a line of its own.
void add_header(std::string& head, std::string_view name, std::string value) {
  std::ranges::replace_if(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  head.append(name).append(": ").append(value).append("\r\n");
}

std::string status_line(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " " + reason_of(status) + "\r\n";
}

}  // namespace

Answer answer_to(const Request& request, Reply reply, bool close) {
  Answer answer;
  answer.close = close || reply.follows;
  answer.head = status_line(reply.status);
  for (auto& [name, value] : reply.headers) {
    add_header(answer.head, name, std::move(value));
  }
  const auto size = reply.body ? reply.body->size() : 0;
  if (reply.status != 304) {
    add_header(answer.head, "Content-Type", std::move(reply.type));
  }
  if (reply.status != 304 && !reply.follows) {
    add_header(answer.head, "Content-Length", std::to_string(size));
  }
  if (answer.close) {
    add_header(answer.head, "Connection", "close");
  }
  answer.head += "\r\n";
  if (request.method != "HEAD") {
    answer.body = std::move(reply.body);
    answer.follows = reply.follows;
  }
  return answer;
}

Answer refusal(int status, std::string_view message) {
  Reply reply;
  reply.status = status;
  reply.body = std::make_shared<const std::string>(R"({"error":{"code":"bad_request","message":")" +
                                                   std::string(message) + "\"}}\n");
  return answer_to({}, std::move(reply), true);
}

}  // namespace sessync::http
