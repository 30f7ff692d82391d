#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/status/http_codec.h"
#include "daemon/status/http_connection.h"
#include "daemon/status/listener.h"
#include "daemon/status/work_lane.h"

namespace sessync {

/// A text for everybody who follows, but for those who know this revision already.
struct Publication {
  std::optional<std::uint64_t> revision;  ///< nothing: for everybody
  std::shared_ptr<const std::string> text;
};

/// Serves HTTP: one thread for all connections, so that a slow or silent client costs a descriptor
/// and nothing else, and a second one for requests that write, which may wait for a disk.
class HttpLoop {
 public:
  struct Limits {
    std::size_t connections = 512;
    std::size_t followers = 256;
    /// No more than a quarter of the descriptors that the process may have: the rest is for work.
    static Limits of_process();
  };
  struct Handlers {
    HttpHandler reads;                           ///< GET and HEAD; on the loop's thread
    HttpHandler writes;                          ///< everything else
    std::function<void(std::size_t)> followers;  ///< how many there are now; on the loop's thread
  };

  HttpLoop(Listener listener, Handlers handlers, Limits limits);
  /// Closes every connection. What a write waits for comes to its end first.
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  void start();

  /// Any thread; never waits.
  void publish(Publication publication);

 private:
  using Clock = HttpConnection::Clock;
  using State = HttpConnection::State;
  struct Answered {
    std::uint64_t id = 0;
    StatusAnswer answer;
  };

  void run();
  [[nodiscard]] int wait_for() const;
  void take_events(int count);
  void handle(std::uint64_t id, std::uint32_t events);
  void on_event(std::uint64_t id, std::uint32_t events);
  void take_inbox();
  void take_answer(Answered answered);

  void accept_all();
  bool accept_one();
  void take_in(UniqueFd fd, const HttpPeer& peer);
  void make_room();
  void pause_accepting();

  /// Each returns false if the connection is to be closed.
  bool advance(std::uint64_t id, HttpConnection& connection);
  bool read_on(std::uint64_t id, HttpConnection& connection);
  bool write_on(HttpConnection& connection);
  void handle(std::uint64_t id, HttpConnection& connection, std::size_t size);
  void hand_over(std::uint64_t id, HttpConnection& connection, std::string request);
  void send(HttpConnection& connection, StatusAnswer answer);

  void pass_on(const Publication& publication);
  void settle(std::uint64_t id, HttpConnection& connection);
  void close(std::uint64_t id);
  void close_expired();
  void wake();

  Listener listener_;
  Handlers handlers_;
  Limits limits_;
  HttpCodec reads_;
  HttpCodec writes_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::map<std::uint64_t, HttpConnection> connections_;
  std::uint64_t next_id_ = 2;
  std::size_t followers_ = 0;
  bool over_ = false;
  Clock::time_point now_;
  Clock::time_point next_check_ = Clock::time_point::max();
  std::optional<Clock::time_point> accepts_again_;

  std::mutex mutex_;
  std::vector<Publication> published_;
  std::vector<Answered> answered_;
  bool stopping_ = false;

  WorkLane lane_;
  std::thread thread_;
};

}  // namespace sessync
