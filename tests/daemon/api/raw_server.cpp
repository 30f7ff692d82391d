#include "tests/daemon/api/raw_server.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sessync::test {
namespace {

sockaddr* as_address(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);  // NOLINT: the sockets API is made this way
}

int listen_on_loopback() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) throw std::runtime_error("no socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, as_address(address), sizeof address) != 0 || ::listen(listener, 64) != 0) {
    throw std::runtime_error("cannot listen on loopback");
  }
  return listener;
}

int port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener, as_address(address), &size);
  return ntohs(address.sin_port);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void parse_head(const std::string& head, RawRequest& request) {
  std::istringstream lines(head);
  lines >> request.method >> request.target;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line != "\r") {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    auto value = line.substr(line.find_first_not_of(' ', colon + 1));
    if (value.ends_with('\r')) value.pop_back();
    request.headers[lower(line.substr(0, colon))] = value;
  }
}

}  // namespace

bool RawConnection::fill() {
  std::array<char, 65536> chunk{};
  const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
  if (got <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

bool RawConnection::read_head(RawRequest& request) {
  auto end = buffer_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!fill()) return false;
    end = buffer_.find("\r\n\r\n");
  }
  request = RawRequest{};
  request.connection = number_;
  parse_head(buffer_.substr(0, end + 2), request);
  buffer_.erase(0, end + 4);
  return true;
}

bool RawConnection::read(RawRequest& request) {
  if (!read_head(request)) return false;
  const auto length = request.headers.find("content-length");
  const std::size_t wanted = length == request.headers.end() ? 0 : std::stoul(length->second);
  while (buffer_.size() < wanted) {
    if (!fill()) return false;
  }
  request.body = buffer_.substr(0, wanted);
  buffer_.erase(0, wanted);
  const std::lock_guard lock(server_.mutex_);
  server_.requests_.push_back(request);
  return true;
}

bool RawConnection::discard(std::uint64_t bytes) {
  while (bytes > buffer_.size()) {
    bytes -= buffer_.size();
    buffer_.clear();
    if (!fill()) return false;
  }
  buffer_.erase(0, bytes);
  return true;
}

bool RawConnection::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const auto now = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

void RawConnection::wait_for_close() {
  while (fill()) buffer_.clear();
}

bool RawConnection::closes_within(int milliseconds) const {
  pollfd watched{socket_, POLLRDHUP, 0};
  return ::poll(&watched, 1, milliseconds) > 0;
}

std::string raw_answer(int status, const std::string& body, const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

RawServer::RawServer(Serve serve)
    : serve_(std::move(serve)), listener_(listen_on_loopback()), port_(port_of(listener_)) {
  acceptor_ = std::thread([this] { accept_all(); });
}

RawServer::~RawServer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  for (auto& thread : threads_) thread.join();
}

void RawServer::serve(int socket, int number) {
  RawConnection connection(*this, socket, number);
  serve_(connection);
  // Closed as a server's is that has died: what the client still sends is answered with a reset.
  const std::lock_guard lock(mutex_);
  sockets_.erase(socket);
  ::close(socket);
}

void RawServer::accept_all() {
  for (int number = 0;; ++number) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::lock_guard lock(mutex_);
    sockets_.insert(socket);
    threads_.emplace_back([this, socket, number] { serve(socket, number); });
  }
}

std::vector<RawRequest> RawServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t RawServer::count(const std::string& method, const std::string& target_prefix) const {
  std::size_t sum = 0;
  for (const auto& request : requests()) {
    if (request.method == method && request.target.starts_with(target_prefix)) ++sum;
  }
  return sum;
}

RawServer::Serve answering(RawServer::Answer answer) {
  return [answer = std::move(answer)](RawConnection& connection) {
    RawRequest request;
    while (connection.read(request)) {
      const auto bytes = answer(request);
      if (bytes.empty() || !connection.send(bytes)) return;
    }
  };
}

RawServer::Serve always(const std::string& bytes) {
  return answering([bytes](const RawRequest&) { return bytes; });
}

}  // namespace sessync::test
