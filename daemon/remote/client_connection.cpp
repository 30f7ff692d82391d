#include "daemon/remote/client_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "daemon/http/server/channel.h"
#include "daemon/http/server/local_socket.h"
#include "daemon/http/server/message.h"
#include "daemon/os/foreign_text.h"
#include "daemon/os/os_error.h"
#include "daemon/remote/trusted_socket.h"

namespace sessync::remote {
namespace {

constexpr std::size_t kLongestHead = 64UL << 10;
constexpr int kNotModified = 304;
const char* const kTooSlow = "no answer in time";
const char* const kNoTls = "it speaks no TLS, or ended it";
const char* const kNoHttp = "what it answers is no HTTP";

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Addresses addresses_of(const http::ListenAddress& address, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) {
    why = os::foreign_text(::gai_strerror(error));
    found = nullptr;
  }
  return {found, &::freeaddrinfo};
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto* const first = text.data();  // NOLINT(bugprone-suspicious-stringview-data-usage)
  const auto* const last = first + text.size();
  const auto [end, error] = std::from_chars(first, last, number);
  return error == std::errc() && end == last ? std::optional(number) : std::nullopt;
}

/// "HTTP/1.1 200 OK"
std::optional<int> status_in(std::string_view line) {
  constexpr std::size_t kVersion = 9;
  constexpr std::size_t kDigits = 3;
  return line.starts_with("HTTP/1.") ? number_of<int>(line.substr(kVersion, kDigits))
                                     : std::nullopt;
}

/// The value of a line of the head; nothing: the line is another's.
std::optional<std::string_view> header_in(std::string_view line, std::string_view name) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !http::same_name(line.substr(0, colon), name)) {
    return std::nullopt;
  }
  line.remove_prefix(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
  return line;
}

}  // namespace

bool ClientConnection::wait(int fd, short events, Clock::time_point until) {
  pollfd waiting{fd, events, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const auto ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

ClientConnection::Or<os::UniqueFd> ClientConnection::dial(const addrinfo& where,
                                                          Clock::time_point until) {
  os::UniqueFd fd(::socket(where.ai_family, where.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                           where.ai_protocol));
  if (!fd) {
    return tl::unexpected(os::error_text(errno));
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), where.ai_addr, where.ai_addrlen) == 0) {
    return fd;
  }
  if (errno != EINPROGRESS) {
    return tl::unexpected(os::error_text(errno));
  }
  if (!wait(fd.get(), POLLOUT, until)) {
    return tl::unexpected(std::string(kTooSlow));
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    return tl::unexpected(os::error_text(error));
  }
  return fd;
}

ClientConnection::Or<ClientConnection> ClientConnection::open(const http::ListenAddress& address,
                                                              bool tls, Clock::time_point until) {
  std::string why;
  const auto found = addresses_of(address, why);
  for (const auto* at = found.get(); at != nullptr; at = at->ai_next) {
    if (auto fd = dial(*at, until)) {
      return over(std::move(*fd), tls, until);
    } else {
      why = fd.error();
    }
  }
  return tl::unexpected(why);
}

/// At once, or not at all.
ClientConnection::Or<ClientConnection> ClientConnection::open_local(const std::string& path) {
  const auto address = http::LocalAddress::of(path);
  if (!address) {
    return tl::unexpected(os::error_text(address.error()));
  }
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), address->get(), address->size()) != 0) {
    return tl::unexpected(os::error_text(errno));
  }
  if (auto why = why_untrusted(fd.get(), path); !why.empty()) {
    return tl::unexpected(std::move(why));
  }
  return ClientConnection(std::move(fd));
}

ClientConnection::Or<ClientConnection> ClientConnection::over(os::UniqueFd socket, bool tls,
                                                              Clock::time_point until) {
  ClientConnection connection(std::move(socket));
  if (const auto shaken = tls ? connection.shake_hands(until) : Or<void>(); !shaken) {
    return tl::unexpected(shaken.error());
  }
  return connection;
}

ClientConnection::Or<void> ClientConnection::shake_hands(Clock::time_point until) {
  tls_ = http::begin_unverified_tls();
  bool sound = tls_->receive("", arrived_);
  while (sound) {
    if (auto sent = put(tls_->take_wire(), until); !sent || tls_->established()) {
      return sent;
    }
    const auto more = pull(until);
    if (!more) {
      return tl::unexpected(more.error());
    }
    sound = !more->empty() && tls_->receive(*more, arrived_);
  }
  return tl::unexpected(std::string(kNoTls));
}

std::string ClientConnection::channel() const {
  const auto channel = http::channel_of(socket_.get(), http::ChannelEnd::kClient);
  return tls_ ? http::bound_channel(channel, tls_->binding()) : channel;
}

ClientConnection::Or<void> ClientConnection::send(std::string_view request,
                                                  Clock::time_point until) {
  if (!tls_) {
    return put(request, until);
  }
  return tls_->send(request) ? put(tls_->take_wire(), until) : tl::unexpected(std::string(kNoTls));
}

ClientConnection::Or<void> ClientConnection::put(std::string_view wire, Clock::time_point until) {
  while (!wire.empty()) {
    const auto sent = ::send(socket_.get(), wire.data(), wire.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      wire.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      return tl::unexpected(os::error_text(errno));
    } else if (!wait(socket_.get(), POLLOUT, until)) {
      return tl::unexpected(std::string(kTooSlow));
    }
  }
  return {};
}

/// At least a byte; "" at the end of the connection.
ClientConnection::Or<std::string> ClientConnection::read_some(Clock::time_point until) {
  while (arrived_.empty()) {
    auto more = pull(until);
    if (!more || more->empty() || !tls_) {
      return more;
    }
    if (!tls_->receive(*more, arrived_)) {
      return tl::unexpected(std::string(kNoTls));
    }
    if (const auto sent = put(tls_->take_wire(), until); !sent) {
      return tl::unexpected(sent.error());
    }
  }
  return std::exchange(arrived_, {});
}

/// What arrived, as it arrived; "" at the end of the connection.
ClientConnection::Or<std::string> ClientConnection::pull(Clock::time_point until) {
  std::array<char, 16UL << 10> buffer{};
  while (true) {
    const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (got >= 0) {
      return std::string(buffer.data(), static_cast<std::size_t>(got));
    }
    if (errno != EAGAIN && errno != EINTR) {
      return tl::unexpected(os::error_text(errno));
    }
    if (!wait(socket_.get(), POLLIN, until)) {
      return tl::unexpected(std::string(kTooSlow));
    }
  }
}

ClientConnection::Or<ClientConnection::Head> ClientConnection::read_head(Clock::time_point until) {
  std::string text;
  std::size_t end = std::string::npos;
  while ((end = text.find("\r\n\r\n")) == std::string::npos) {
    auto more = read_some(until);
    if (!more) {
      return tl::unexpected(more.error());
    }
    text += *more;
    if (more->empty() || text.size() > kLongestHead) {
      return tl::unexpected(std::string(more->empty() ? "it ended the connection" : kNoHttp));
    }
  }
  arrived_ = text.substr(end + 4);
  const auto status = status_in(text);
  if (!status) {
    return tl::unexpected(std::string(kNoHttp));
  }
  Head head{*status, std::nullopt, {}};
  for (std::string_view rest(text.data(), end + 2); !rest.empty();) {
    const auto line = rest.substr(0, rest.find("\r\n"));
    if (const auto length = header_in(line, "content-length"); length && !head.length) {
      head.length = number_of<std::size_t>(*length);
    } else if (const auto tag = header_in(line, "etag")) {
      head.tag = *tag;
    }
    rest.remove_prefix(line.size() + 2);
  }
  if (head.status == kNotModified) {
    head.length = 0;  // whatever it says: that is the length of what did not change
  }
  return head;
}

ClientConnection::Or<std::string> ClientConnection::read_body(const Head& head, std::size_t most,
                                                              Clock::time_point until) {
  std::string body;
  while (!head.length || body.size() < *head.length) {
    auto more = read_some(until);
    if (!more) {
      return tl::unexpected(more.error());
    }
    if (more->empty() && head.length) {
      return tl::unexpected(std::string("it ended the connection"));
    }
    if (more->empty()) {
      return body;
    }
    body += *more;
    if (body.size() > most) {
      return tl::unexpected(std::string("it answers more than it can have to say"));
    }
  }
  if (body.size() > *head.length) {
    arrived_ = body.substr(*head.length);
    body.resize(*head.length);
  }
  return body;
}

}  // namespace sessync::remote
