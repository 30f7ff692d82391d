#include "daemon/http/server/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "daemon/http/server/channel.h"

namespace sessync::http {
namespace {

constexpr std::size_t kReadSize = 16UL << 10;
constexpr std::size_t kMostInput = 64UL << 10;  ///< arrived and not worked on
constexpr std::size_t kMostDrained = 256UL << 10;
constexpr std::size_t kMostFrames = 64;
constexpr std::chrono::seconds kRequestWithin{10};
constexpr std::chrono::seconds kProgressWithin{20};
constexpr std::chrono::seconds kAnswerWithin{120};
constexpr std::chrono::seconds kDrainWithin{1};

}  // namespace

Connection::Connection(os::UniqueFd fd, Peer peer, std::optional<TlsSession> tls,
                       Clock::time_point now)
    : fd_(std::move(fd)),
      tls_(std::move(tls)),
      peer_(std::move(peer)),
      since_(now),
      progress_(now) {}

bool Connection::receive(Clock::time_point now) {
  std::array<char, kReadSize> buffer{};
  while (input_.size() < std::max(kMostInput, expected_)) {
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    if (got == 0) {
      return false;
    }
    if (!take({buffer.data(), static_cast<std::size_t>(got)}, now)) {
      return false;
    }
    if (static_cast<std::size_t>(got) < buffer.size()) {
      return true;
    }
  }
  return true;
}

bool Connection::take(std::string_view arrived, Clock::time_point now) {
  drained_ += state_ == State::kReading ? 0 : arrived.size();
  std::string plain;
  if (tls_) {
    const bool sound = tls_->receive(arrived, plain);
    put(std::make_shared<const std::string>(tls_->take_wire()), now);
    if (!sound) {
      static_cast<void>(flush(now));
      return false;
    }
    if (!bound_ && tls_->established()) {
      bound_ = true;
      peer_.channel = bound_channel(peer_.channel, tls_->binding());
    }
    arrived = plain;
  }
  if (state_ == State::kReading && !arrived.empty()) {
    since_ = input_.empty() ? now : since_;
    input_.append(arrived);
  }
  return drained_ <= kMostDrained;
}

bool Connection::flush(Clock::time_point now) {
  while (!output_.empty()) {
    const auto& text = *output_.front();
    const auto sent =
        ::send(fd_.get(), text.data() + sent_, text.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    progress_ = now;
    sent_ += static_cast<std::size_t>(sent);
    if (sent_ == text.size()) {
      output_.pop_front();
      sent_ = 0;
    }
  }
  return true;
}

bool Connection::queue(const Text& text, Clock::time_point now) {
  if (text == nullptr || text->empty()) {
    return true;
  }
  if (!tls_) {
    put(text, now);
    return true;
  }
  const bool sound = tls_->send(*text);
  put(std::make_shared<const std::string>(tls_->take_wire()), now);
  return sound;
}

void Connection::put(Text wire, Clock::time_point now) {
  if (!wire->empty()) {
    progress_ = output_.empty() ? now : progress_;
    output_.push_back(std::move(wire));
  }
}

void Connection::expect(std::size_t bytes) { expected_ = bytes; }

void Connection::take_request(std::size_t size) {
  input_.erase(0, size);
  expected_ = 0;
}

void Connection::begin(State state, Clock::time_point now) {
  kept_ = kept_ || state == State::kWriting;
  state_ = state;
  since_ = now;
  progress_ = now;
}

void Connection::drain(Clock::time_point now) {
  if (tls_) {
    tls_->close();
    const auto last = tls_->take_wire();
    static_cast<void>(::send(fd_.get(), last.data(), last.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  ::shutdown(fd_.get(), SHUT_WR);
  begin(State::kDraining, now);
}

bool Connection::lags() const { return output_.size() > kMostFrames; }

std::optional<Connection::Clock::time_point> Connection::deadline() const {
  switch (state_) {
    case State::kReading:
      return since_ + (kept_ && input_.empty() ? kKeptAliveFor : kRequestWithin);
    case State::kBusy:
      return std::nullopt;
    case State::kWriting:
      return std::min(progress_ + kProgressWithin, since_ + kAnswerWithin);
    case State::kFollowing:
      return output_.empty() ? std::nullopt : std::optional(progress_ + kProgressWithin);
    case State::kDraining:
      return since_ + kDrainWithin;
  }
  return std::nullopt;
}

}  // namespace sessync::http
