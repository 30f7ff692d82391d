#include "daemon/status/http_connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "daemon/status/http_codec.h"

namespace sessync {
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

HttpConnection::HttpConnection(UniqueFd fd, HttpPeer peer, Clock::time_point now)
    : fd_(std::move(fd)), peer_(std::move(peer)), since_(now), progress_(now) {}

bool HttpConnection::receive(Clock::time_point now) {
  std::array<char, kReadSize> buffer{};
  while (input_.size() < kMostInput) {
    const auto got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    if (got == 0) {
      return false;
    }
    if (state_ == State::kReading) {
      since_ = input_.empty() ? now : since_;
      input_.append(buffer.data(), static_cast<std::size_t>(got));
    } else {
      drained_ += static_cast<std::size_t>(got);
    }
    if (drained_ > kMostDrained) {
      return false;
    }
    if (static_cast<std::size_t>(got) < buffer.size()) {
      return true;
    }
  }
  return true;
}

bool HttpConnection::flush(Clock::time_point now) {
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

void HttpConnection::queue(Text text, Clock::time_point now) {
  if (text != nullptr && !text->empty()) {
    progress_ = output_.empty() ? now : progress_;
    output_.push_back(std::move(text));
  }
}

std::string HttpConnection::take_request(std::size_t size) {
  std::string request = input_.substr(0, size);
  input_.erase(0, size);
  return request;
}

void HttpConnection::begin(State state, Clock::time_point now) {
  kept_ = kept_ || state == State::kWriting;
  state_ = state;
  since_ = now;
  progress_ = now;
}

void HttpConnection::drain(Clock::time_point now) {
  ::shutdown(fd_.get(), SHUT_WR);
  begin(State::kDraining, now);
}

bool HttpConnection::lags() const { return output_.size() > kMostFrames; }

std::optional<HttpConnection::Clock::time_point> HttpConnection::deadline() const {
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

}  // namespace sessync
