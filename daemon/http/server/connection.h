#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/server/message.h"
#include "daemon/http/server/tls.h"
#include "daemon/os/unique_fd.h"

namespace sessync::http {

/// How long a connection may stay open between two requests.
inline constexpr std::chrono::seconds kKeptAliveFor{75};

/// One client: what it sent, and what is to be sent to it. Nothing here blocks.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  using Text = std::shared_ptr<const std::string>;
  enum class State {
    kReading,    ///< a request is to come, or on its way
    kBusy,       ///< its request is being worked on
    kWriting,    ///< an answer is on its way
    kFollowing,  ///< takes what is published
    kDraining,   ///< everything was sent; what it still sends is thrown away
  };

  /// `tls`: what it is spoken through, if it is.
  Connection(os::UniqueFd fd, Peer peer, std::optional<TlsSession> tls, Clock::time_point now);

  /// Takes what has arrived; false: the client is gone.
  bool receive(Clock::time_point now);
  /// Sends what is queued, as far as the client takes it; false: the client is gone.
  bool flush(Clock::time_point now);
  /// False: the client is gone.
  bool queue(const Text& text, Clock::time_point now);

  /// A request of so many bytes is on its way; more than usual are kept for it.
  void expect(std::size_t bytes);
  /// The first `size` bytes that arrived were a request; they are forgotten.
  void take_request(std::size_t size);

  void begin(State state, Clock::time_point now);
  /// Ends our side; the client's may still send.
  void drain(Clock::time_point now);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] const std::string& input() const { return input_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] Clock::time_point since() const { return since_; }
  [[nodiscard]] bool has_output() const { return !output_.empty(); }
  /// It takes too little of what is published.
  [[nodiscard]] bool lags() const;
  /// When its patience ends, unless something happens before; nothing: it may wait for ever.
  [[nodiscard]] std::optional<Clock::time_point> deadline() const;

  std::uint64_t follows = 0;   ///< the newest revision that was queued
  bool closes = false;         ///< after what is queued
  std::uint32_t interest = 0;  ///< what epoll was asked for

 private:
  bool take(std::string_view arrived, Clock::time_point now);
  void put(Text wire, Clock::time_point now);

  os::UniqueFd fd_;
  std::optional<TlsSession> tls_;
  bool bound_ = false;  ///< the peer's channel names the session
  Peer peer_;
  std::string input_;
  std::deque<Text> output_;
  std::size_t sent_ = 0;  ///< of the first of them
  std::size_t drained_ = 0;
  std::size_t expected_ = 0;  ///< bytes of the request that is on its way, as far as it is known
  State state_ = State::kReading;
  Clock::time_point since_;     ///< when the state began
  Clock::time_point progress_;  ///< when something was sent last
  bool kept_ = false;           ///< has had an answer
};

}  // namespace sessync::http
