#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sessync::test {

struct RawRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int connection = 0;  ///< which connection it came on, from 0
};

class RawServer;

/// One accepted connection, as raw as a test wants it.
class RawConnection {
 public:
  RawConnection(RawServer& server, int socket, int number)
      : server_(server), socket_(socket), number_(number) {}

  /// A whole request, recorded by the server. False: the client closed.
  bool read(RawRequest& request);
  /// Only the head; the server records nothing.
  bool read_head(RawRequest& request);
  /// Reads so many bytes and keeps none.
  bool discard(std::uint64_t bytes);
  bool send(const std::string& bytes);
  /// Waits until the client has closed; what it sends meanwhile is thrown away.
  void wait_for_close();
  /// True if the client closes within so many milliseconds.
  [[nodiscard]] bool closes_within(int milliseconds) const;

 private:
  bool fill();

  RawServer& server_;
  int socket_;
  int number_;
  std::string buffer_;
};

std::string raw_answer(int status, const std::string& body, const std::string& headers = "");

/// A server on loopback whose every connection is served by a function of the test.
class RawServer {
 public:
  using Serve = std::function<void(RawConnection&)>;
  using Answer = std::function<std::string(const RawRequest&)>;

  explicit RawServer(Serve serve);
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer();

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<RawRequest> requests() const;
  [[nodiscard]] std::size_t count(const std::string& method,
                                  const std::string& target_prefix = "") const;

 private:
  friend class RawConnection;
  void accept_all();
  void serve(int socket, int number);

  Serve serve_;
  int listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<RawRequest> requests_;
  std::set<int> sockets_;  ///< that are open
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Keeps connections alive and answers every request with what `answer` returns; "" closes.
RawServer::Serve answering(RawServer::Answer answer);
/// The same with one answer to every request.
RawServer::Serve always(const std::string& bytes);

}  // namespace sessync::test
