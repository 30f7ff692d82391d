#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "daemon/http/server/connection.h"
#include "daemon/http/server/listener.h"
#include "daemon/http/server/reply_writer.h"
#include "daemon/http/server/request_parser.h"
#include "daemon/os/executor.h"

namespace sessync::http {

/// A text for everybody who follows, but for those who know this revision already.
struct Publication {
  std::optional<std::uint64_t> revision;  ///< nothing: for everybody
  std::shared_ptr<const std::string> text;
};

/// Serves HTTP: one thread for all connections, so that a slow or silent client costs a descriptor
/// and nothing else, and a second one for requests that write, which may wait for a disk.
class Server {
 public:
  struct Limits {
    std::size_t connections = 512;
    std::size_t followers = 256;
    /// No more than a quarter of the descriptors that the process may have: the rest is for work.
    static Limits of_process();
    BodyLimit body = [](std::string_view /*path*/) { return kMostBody; };
  };
  struct Handlers {
    Handler reads;                               ///< GET and HEAD; on the loop's thread
    Handler writes;                              ///< everything else
    std::function<void(std::size_t)> followers;  ///< how many there are now; on the loop's thread
  };

  Server(Handlers handlers, Limits limits);
  /// Closes every connection. What a write waits for comes to its end first.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();

  /// Serves what connects there, from now on to its end, before or after start(). `tls`: what is
  /// spoken through; null: nothing. Any thread. Throws std::runtime_error if there is no descriptor
  /// or memory for it.
  void listen(Listener listener, const std::shared_ptr<TlsKeys>& tls = nullptr);

  /// Any thread; never waits.
  void publish(Publication publication);

 private:
  using Clock = Connection::Clock;
  using State = Connection::State;
  struct Answered {
    std::uint64_t id = 0;
    Answer answer;
  };
  struct Door {
    Listener listener;
    std::shared_ptr<TlsKeys> tls;
  };

  void run();
  [[nodiscard]] int wait_for() const;
  void take_events(int count);
  void handle_event(std::uint64_t id, std::uint32_t events);
  void on_event(std::uint64_t id, std::uint32_t events);
  void take_inbox();
  void take_answer(Answered answered);

  [[nodiscard]] const Door& door(std::uint64_t id);
  void accept_all(const Door& door);
  bool accept_one(const Door& door);
  void take_in(os::UniqueFd fd, const Peer& peer, const Door& door);
  [[nodiscard]] bool has_room_for(const Door& door) const;
  void make_room();
  void pause_accepting();
  void accept_from_all(std::uint32_t events);

  /// Each returns false if the connection is to be closed.
  bool advance(std::uint64_t id, Connection& connection);
  bool read_on(std::uint64_t id, Connection& connection);
  bool write_on(Connection& connection);
  bool handle(std::uint64_t id, Connection& connection, Parsed parsed);
  bool hand_over(std::uint64_t id, Connection& connection, Request request, bool close);
  bool send(Connection& connection, Answer answer);

  void pass_on(const Publication& publication);
  void settle(std::uint64_t id, Connection& connection);
  void close(std::uint64_t id);
  void close_expired();
  void wake();

  Handlers handlers_;
  Limits limits_;
  os::UniqueFd epoll_;
  os::UniqueFd wake_;
  std::map<std::uint64_t, Connection> connections_;
  std::uint64_t next_id_ = 1;
  std::size_t followers_ = 0;
  bool over_ = false;
  Clock::time_point now_;
  Clock::time_point next_check_ = Clock::time_point::max();
  std::optional<Clock::time_point> accepts_again_;

  std::mutex mutex_;
  std::vector<Publication> published_;
  std::vector<Answered> answered_;
  bool stopping_ = false;
  std::map<std::uint64_t, Door> doors_;  ///< none leaves before the end

  os::Executor writes_;  ///< its tasks use what is above
  std::thread thread_;
};

}  // namespace sessync::http
