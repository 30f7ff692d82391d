#include "tests/daemon/http/server/raw_client.h"

#include <array>
#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace sessync::test {
namespace {

constexpr std::chrono::seconds kPatience{30};

}  // namespace

RawClient::RawClient(const std::string& address)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    throw std::runtime_error("cannot connect to " + address);
  }
}

void RawClient::send(const std::string& bytes) const {
  static_cast<void>(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void RawClient::finish() const { ::shutdown(fd_.get(), SHUT_WR); }

const std::string& RawClient::read_until(const std::function<bool(const std::string&)>& enough) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  std::array<char, 65536> buffer{};
  while (!over_ && !enough(seen_)) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (std::chrono::steady_clock::now() > end || ::poll(&waiting, 1, 30'000) == 0) {
      throw std::runtime_error("nothing more came after: " + seen_.substr(0, 1000));
    }
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    over_ = got <= 0;
    seen_.append(buffer.data(), over_ ? 0 : static_cast<std::size_t>(got));
  }
  return seen_;
}

const std::string& RawClient::read_until(const std::string& text) {
  return read_until(
      [&text](const std::string& seen) { return seen.find(text) != std::string::npos; });
}

const std::string& RawClient::read_all() {
  return read_until([](const std::string&) { return false; });
}

std::string RawClient::ask(const std::string& address, const std::string& request) {
  RawClient client(address);
  client.send(request);
  return client.read_all();
}

std::string get(const std::string& path, const std::string& headers) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& headers) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sessync::test
