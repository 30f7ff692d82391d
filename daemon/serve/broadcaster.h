#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "daemon/http/server/server.h"
#include "daemon/serve/documents.h"

namespace sessync::serve {

/// Tells everybody who follows the events what changed, in at most two batches a second, and now
/// and then that it is still there. A batch is written once, however many follow; rows of the page
/// are not in it, but asked for (see Documents::page_since). Its thread beats (see Duty::kHelper),
/// runs at a lower priority, and sleeps while nobody follows. All public members: any thread.
class Broadcaster {
 public:
  /// Of the batches, and of a comment line when there is nothing to tell, so that proxies keep the
  /// connection and followers know that it holds.
  struct Pace {
    std::chrono::milliseconds batch{500};
    std::chrono::milliseconds heartbeat{std::chrono::seconds(25)};
  };

  /// Board and documents must outlive it. `publish` is called on a thread of its own, and must not
  /// wait for a follower.
  Broadcaster(status::StatusBoard& board, Documents& documents,
              std::function<void(http::Publication)> publish, Pace pace);
  ~Broadcaster() { stop(); }
  Broadcaster(const Broadcaster&) = delete;
  Broadcaster& operator=(const Broadcaster&) = delete;

  /// Nothing is published any more when this returns. Closes the board: that lets the thread go.
  void stop();

  /// How many follow now; with the first the thread wakes.
  void set_followers(std::size_t count);

  /// The revision up to which everything is told; a follower must begin with at least this.
  [[nodiscard]] std::uint64_t told() const { return told_; }

 private:
  void run();  ///< the thread: waits for followers, then for news, then tells and pauses
  /// Both return false when it is over.
  bool await_followers(std::unique_lock<std::mutex>& lock);
  bool pause(std::unique_lock<std::mutex>& lock);
  bool await_news();
  /// What changed since told_, or that nothing did.
  void tell();

  status::StatusBoard& board_;
  Documents& documents_;
  std::function<void(http::Publication)> publish_;
  Pace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t followers_ = 0;  ///< these two with mutex_ held
  bool stopping_ = false;
  std::atomic<std::uint64_t> told_{0};  ///< written by the thread alone
  std::thread thread_;
};

}  // namespace sessync::serve
