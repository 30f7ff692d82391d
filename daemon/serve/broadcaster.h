#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "daemon/http/server/server.h"
#include "daemon/serve/documents.h"

namespace sessync {

/// Tells everybody who follows the events what changed, in at most two batches a second, and now
/// and then that it is still there. Its thread sleeps while nobody
/// follows.
class Broadcaster {
 public:
  struct Pace {
    std::chrono::milliseconds batch{500};
    std::chrono::milliseconds heartbeat{std::chrono::seconds(25)};
  };

  /// `publish` is called on a thread of its own.
  Broadcaster(StatusBoard& board, Documents& documents,
              std::function<void(http::Publication)> publish, Pace pace);
  ~Broadcaster() { stop(); }
  Broadcaster(const Broadcaster&) = delete;
  Broadcaster& operator=(const Broadcaster&) = delete;

  /// Nothing is published any more when this returns. Closes the board: that lets the thread go.
  void stop();

  void set_followers(std::size_t count);

  /// The revision up to which everything is told; a follower must begin with at least this.
  [[nodiscard]] std::uint64_t told() const { return told_; }

 private:
  void run();
  /// Both return false when it is over.
  bool await_followers(std::unique_lock<std::mutex>& lock);
  bool pause(std::unique_lock<std::mutex>& lock);
  bool await_news();
  void tell();

  StatusBoard& board_;
  Documents& documents_;
  std::function<void(http::Publication)> publish_;
  Pace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t followers_ = 0;
  bool stopping_ = false;
  std::atomic<std::uint64_t> told_{0};
  std::thread thread_;
};

}  // namespace sessync
